package io.parley.shim.keys;

import io.parley.evidence.Evidence;
import io.parley.shim.attest.Attester;
import io.parley.shim.attest.Enclave;
import io.parley.shim.host.Broker;
import io.parley.wire.Reason;
import java.util.Set;

/**
 * Asks the broker for the job's keys. One that has forgotten its challenge, because it was started
 * anew, is asked again with fresh evidence.
 */
public final class KeyRequest {
  private static final Set<Reason> WORTH_ANOTHER =
      Set.of(Reason.BROKER_UNAVAILABLE, Reason.CHALLENGE_UNKNOWN);

  private final Broker broker;
  private final Attester attester;
  private final Retries retries;

  public KeyRequest(Broker broker, Attester attester, Retries retries) {
    this.broker = broker;
    this.attester = attester;
    this.retries = retries;
  }

  /**
   * The keys, checked.
   *
   * @throws io.parley.wire.RefusedException what the broker said, BROKER_KEY_WRONG or GRANT_WRONG
   * @throws io.parley.wire.EnvironmentException BROKER_UNAVAILABLE
   */
  public JobKeys request(Enclave enclave) {
    return retries.again(() -> once(enclave), WORTH_ANOTHER);
  }

  private JobKeys once(Enclave enclave) {
    var nonce = broker.createChallenge(enclave.spec().jobId(), enclave.party());
    Evidence evidence = attester.attest(enclave, nonce);
    return new GrantCheck(enclave, evidence).open(broker.requestKeys(evidence));
  }
}
