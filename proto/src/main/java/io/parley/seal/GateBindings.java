package io.parley.seal;

import com.google.protobuf.ByteString;
import io.parley.wire.Digest;
import io.parley.wire.Reason;

/** What is sealed for verification gates is bound to (deploy/docs/protocol.md, "Gates"). */
public final class GateBindings {
  static final String SET = "parley/v1/sealed-verification-set";
  static final String TASK = "parley/v1/sealed-gate-task";
  static final String FINDINGS = "parley/v1/sealed-gate-findings";
  static final String KEY = "parley/v1/sealed-to";

  private GateBindings() {}

  /** An owner's set, for the broker's gate key. */
  public static Binding verificationSet(Digest agreement, String owner, HpkePublicKey broker) {
    return new Binding(
        Fields.label(SET).add(agreement.value()).add(owner).toByteString(),
        to(broker),
        Reason.INVALID_VERIFICATION_SET);
  }

  /**
   * A task, for one enclave.
   *
   * @param job digest of the exact JobSpec bytes
   * @param evidence digest of the evidence that the order answers
   * @param party whose host runs the enclave
   * @param step of the agreement's chain; empty: its one app
   */
  public static Binding task(
      Digest agreement,
      Digest job,
      Digest evidence,
      String party,
      String owner,
      String step,
      HpkePublicKey receiveKey) {
    return new Binding(
        Fields.label(TASK)
            .add(agreement.value())
            .add(job.value())
            .add(party)
            .add(owner)
            .add(step)
            .toByteString(),
        Fields.label(TASK).add(evidence.value()).add(to(receiveKey)).toByteString(),
        Reason.GATE_ORDER_WRONG);
  }

  /**
   * What was seen on a gate's run, for the broker's gate key.
   *
   * @param draw SHA-256 that stands for the draw
   */
  public static Binding findings(Digest agreement, Digest job, Digest draw, HpkePublicKey broker) {
    return new Binding(
        Fields.label(FINDINGS)
            .add(agreement.value())
            .add(job.value())
            .add(draw.value())
            .toByteString(),
        to(broker),
        Reason.EVIDENCE_GATE_WRONG);
  }

  private static ByteString to(HpkePublicKey key) {
    return Fields.label(KEY).add(key.suite().kemId()).add(key.key()).toByteString();
  }
}
