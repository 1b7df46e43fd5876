package io.parley.shim.keys;

import io.parley.agreement.Gate;
import io.parley.evidence.Evidence;
import io.parley.gate.GateOutcome;
import io.parley.shim.attest.Attester;
import io.parley.shim.attest.Enclave;
import io.parley.shim.gate.OrderedGate;
import io.parley.shim.host.Broker;
import io.parley.shim.host.SignedGateOrder;
import io.parley.shim.host.SignedGrant;
import io.parley.wire.Reason;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Asks the broker for the job's keys, and does what it wants done first. One that has forgotten its
 * challenge, because it was started anew, is asked again with fresh evidence.
 */
public final class KeyRequest {
  private static final Set<Reason> WORTH_ANOTHER =
      Set.of(Reason.BROKER_UNAVAILABLE, Reason.CHALLENGE_UNKNOWN);

  /** Runs the app on a verification set. */
  @FunctionalInterface
  public interface Gates {
    /** How it went; whatever it was, the broker is to be told. */
    GateOutcome run(OrderedGate gate);
  }

  private sealed interface Answer {
    record Granted(JobKeys keys) implements Answer {}

    record GateFirst(OrderedGate gate) implements Answer {}
  }

  private final Broker broker;
  private final Attester attester;
  private final Retries retries;
  private final Gates gates;

  /**
   * @param gates runs those that come before the keys
   */
  public KeyRequest(Broker broker, Attester attester, Retries retries, Gates gates) {
    this.broker = broker;
    this.attester = attester;
    this.retries = retries;
    this.gates = gates;
  }

  /**
   * The keys, checked, once every gate was passed.
   *
   * @throws io.parley.wire.RefusedException what the broker said, GATE_FAILED among it;
   *     BROKER_KEY_WRONG, GRANT_WRONG or GATE_ORDER_WRONG
   * @throws io.parley.wire.EnvironmentException BROKER_UNAVAILABLE
   */
  public JobKeys request(Enclave enclave) {
    SortedMap<Gate, GateOutcome> outcomes = new TreeMap<>();
    while (true) {
      Enclave asking = enclave.through(outcomes.values());
      // Ends: an order for a gate that is done already is refused.
      switch (retries.again(() -> once(asking), WORTH_ANOTHER)) {
        case Answer.Granted(JobKeys keys) -> {
          return keys;
        }
        case Answer.GateFirst(OrderedGate gate) -> outcomes.put(gate.set().gate(), gates.run(gate));
      }
    }
  }

  private Answer once(Enclave enclave) {
    var nonce = broker.createChallenge(enclave.spec().jobId(), enclave.party());
    Evidence evidence = attester.attest(enclave, nonce);
    return switch (broker.requestKeys(evidence)) {
      case SignedGrant grant -> new Answer.Granted(new GrantCheck(enclave, evidence).open(grant));
      case SignedGateOrder order ->
          new Answer.GateFirst(new GateCheck(enclave, evidence).open(order));
    };
  }
}
