package io.parley.shim.keys;

import io.parley.agreement.Gate;
import io.parley.evidence.Evidence;
import io.parley.gate.GateOrder;
import io.parley.gate.GateTask;
import io.parley.gate.VerificationSet;
import io.parley.seal.GateBindings;
import io.parley.shim.attest.Enclave;
import io.parley.shim.gate.OrderedGate;
import io.parley.shim.host.SignedGateOrder;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.util.Map;

/**
 * Decides whether an order for a verification gate is the pinned broker's answer to exactly this
 * evidence, and opens its task. The set in it is the owner's by the owner's own signature, so that
 * not even a broker can make one up.
 */
final class GateCheck {
  private final Enclave enclave;
  private final Evidence evidence;

  GateCheck(Enclave enclave, Evidence evidence) {
    this.enclave = enclave;
    this.evidence = evidence;
  }

  /**
   * The gate, when everything holds.
   *
   * @throws RefusedException BROKER_KEY_WRONG, GATE_ORDER_WRONG, INVALID_SIGNATURE or
   *     INVALID_VERIFICATION_SET
   */
  OrderedGate open(SignedGateOrder signed) {
    var _ =
        BrokerSignature.verify(
                enclave, signed.brokerKey(), GateOrder.LABEL, signed.order(), signed.signature())
            .orElseThrow(() ->
                wrong("signature", "one by the agreement's broker", "one that does not verify"));
    GateOrder order = GateOrder.parse(signed.order());
    same("job_id", enclave.spec().jobId(), order.jobId());
    same("party", enclave.party(), order.party());
    same("agreement", enclave.signed().digest(), order.agreement());
    same("job", enclave.job(), order.job());
    same("evidence", evidence.digest(), order.evidence());
    Gate gate = order.gate();
    boolean done = enclave.gates().stream().anyMatch(passed -> passed.gate().equals(gate));
    if (done || !enclave.agreement().gatesBefore(enclave.party()).contains(gate)) {
      throw wrong("gate", "one that is left", gate.text());
    }
    GateTask task =
        GateTask.parse(
            order
                .task()
                .open(
                    enclave.keys().receive(),
                    GateBindings.task(
                        enclave.signed().digest(),
                        enclave.job(),
                        evidence.digest(),
                        enclave.party(),
                        gate.owner(),
                        gate.step(),
                        enclave.keys().receive().publicKey())));
    same("set", order.set(), task.set().digest());
    VerificationSet set = task.set().open(enclave.signed(), gate.owner());
    same("step", gate.step(), set.step());
    return new OrderedGate(set, task.draw(), task.brokerKey());
  }

  private static void same(String field, Object expected, Object seen) {
    if (!expected.equals(seen)) {
      throw wrong(field, expected.toString(), seen.toString());
    }
  }

  private static RefusedException wrong(String field, String expected, String seen) {
    return new RefusedException(
        Reason.GATE_ORDER_WRONG,
        "the broker's order for a verification gate is not for this enclave: %s: expected %s, came %s"
            .formatted(field, expected, seen),
        Map.of("field", field, "expected", expected, "seen", seen));
  }
}
