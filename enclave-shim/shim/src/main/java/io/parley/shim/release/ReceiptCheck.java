package io.parley.shim.release;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.parley.agreement.Dsse;
import io.parley.agreement.DsseEnvelope;
import io.parley.identity.VerifyingKey;
import io.parley.proto.broker.v1.Receipt;
import io.parley.shim.attest.Enclave;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.util.Map;

/** Whether what came back is the pinned broker's receipt for exactly this report. */
final class ReceiptCheck {
  private ReceiptCheck() {}

  /**
   * Returns when it is.
   *
   * @throws RefusedException RECEIPT_WRONG
   */
  static void check(ByteString bytes, JobReport report, Enclave enclave, VerifyingKey broker) {
    DsseEnvelope envelope = DsseEnvelope.decode(bytes);
    boolean signed =
        envelope.payloadType().equals(Dsse.RECEIPT_TYPE)
            && envelope.signatures().stream()
                .anyMatch(s -> Dsse.verify(Dsse.RECEIPT_TYPE, envelope.payload(), s, broker));
    require(signed, "signature", "the agreement's broker did not sign it");
    Receipt receipt;
    try {
      receipt = Receipt.parseFrom(envelope.payload());
    } catch (InvalidProtocolBufferException e) {
      throw wrong("payload", "it can't be read");
    }
    require(receipt.getJobId().equals(enclave.spec().jobId()), "job_id", "another job");
    require(
        receipt.getAgreementSha256().equals(enclave.signed().digest().value()),
        "agreement",
        "another agreement");
    require(receipt.getJobSha256().equals(enclave.job().value()), "job", "another job");
    require(receipt.getComputedAt().equals(enclave.party()), "computed_at", "another party");
    require(
        receipt.getInputsList().equals(report.inputs().stream().map(JobReport::message).toList()),
        "inputs",
        "other inputs than reported");
    require(
        receipt.getOutputsList().equals(report.outputs().stream().map(JobReport::message).toList()),
        "outputs",
        "other outputs than reported");
  }

  private static void require(boolean condition, String field, String problem) {
    if (!condition) {
      throw wrong(field, problem);
    }
  }

  private static RefusedException wrong(String field, String problem) {
    return new RefusedException(
        Reason.RECEIPT_WRONG,
        "the receipt is not the broker's for this job: %s: %s".formatted(field, problem),
        Map.of("field", field));
  }
}
