package io.parley.gate;

import com.google.protobuf.ByteString;
import io.parley.agreement.Gate;
import io.parley.seal.SealedBytes;
import io.parley.wire.Digest;
import io.parley.wire.Reason;
import io.parley.wire.StrictMessages;

/**
 * What the broker wants done before it releases keys. Whether it is the pinned broker's, and meant
 * for this enclave, is for the enclave to check.
 *
 * @param evidence digest of the evidence that it answers
 * @param gate whose set it is, and what is run on it
 * @param set digest of the set that was drawn
 * @param task {@link GateTask}, sealed to the enclave
 */
public record GateOrder(
    String jobId,
    String party,
    Digest agreement,
    Digest job,
    Digest evidence,
    Gate gate,
    Digest set,
    SealedBytes task) {
  /** Label of the broker's signature. */
  public static final String LABEL = "parley/v1/gate-order";

  /** The exact bytes. */
  public ByteString encode() {
    return StrictMessages.encode(
        io.parley.proto.enclave.v1.GateOrder.newBuilder()
            .setJobId(jobId)
            .setParty(party)
            .setAgreementSha256(agreement.value())
            .setJobSha256(job.value())
            .setEvidenceSha256(evidence.value())
            .setOwner(gate.owner())
            .setStep(gate.step())
            .setSetSha256(set.value())
            .setTask(task.toMessage())
            .build());
  }

  /**
   * From exact bytes.
   *
   * @throws io.parley.wire.RefusedException GATE_ORDER_WRONG, or what is wrong with a part
   */
  public static GateOrder parse(ByteString bytes) {
    var message =
        StrictMessages.parse(
            io.parley.proto.enclave.v1.GateOrder.parser(),
            bytes,
            GateLimits.ORDER_BYTES_MAX,
            Reason.GATE_ORDER_WRONG,
            "gate order");
    return new GateOrder(
        message.getJobId(),
        message.getParty(),
        new Digest(message.getAgreementSha256()),
        new Digest(message.getJobSha256()),
        new Digest(message.getEvidenceSha256()),
        new Gate(message.getOwner(), message.getStep()),
        new Digest(message.getSetSha256()),
        SealedBytes.fromMessage(message.getTask()));
  }
}
