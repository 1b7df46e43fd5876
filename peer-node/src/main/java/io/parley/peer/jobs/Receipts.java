package io.parley.peer.jobs;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.parley.agreement.Dsse;
import io.parley.agreement.DsseEnvelope;
import io.parley.identity.VerifyingKey;
import io.parley.proto.broker.v1.Receipt;
import io.parley.proto.broker.v1.ResultDigest;
import io.parley.wire.Digest;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.util.LinkedHashMap;
import java.util.Map;

/** Checks a receipt: signed by the agreement's broker, and about this job. Stateless. */
final class Receipts {
  private Receipts() {}

  /** What a receipt says about one result. */
  record Output(long sizeBytes, Digest sha256) {}

  /**
   * The outputs, by name.
   *
   * @throws RefusedException INVALID_SIGNATURE or INVALID_RESULT
   */
  static Map<String, Output> verify(JobContext job, VerifyingKey broker, ByteString envelope) {
    DsseEnvelope signed = DsseEnvelope.decode(envelope);
    boolean verified =
        broker.digest().equals(job.agreement().broker())
            && signed.payloadType().equals(Dsse.RECEIPT_TYPE)
            && signed.signatures().stream()
                .anyMatch(s -> Dsse.verify(Dsse.RECEIPT_TYPE, signed.payload(), s, broker));
    if (!verified) {
      throw new RefusedException(
          Reason.INVALID_SIGNATURE,
          "the receipt of job %s is not signed by the agreement's broker %s"
              .formatted(job.id(), job.agreement().broker()),
          Map.of("job", job.id(), "broker", job.agreement().broker().toString()));
    }
    try {
      Receipt receipt = Receipt.parseFrom(signed.payload());
      require(receipt.getJobId().equals(job.id()), "job_id");
      require(receipt.getAgreementSha256().equals(job.signed().digest().value()), "agreement");
      require(receipt.getJobSha256().equals(Digest.of(job.specBytes()).value()), "job_sha256");
      require(job.agreement().computes(receipt.getComputedAt()), "computed_at");
      return outputs(job, receipt);
    } catch (InvalidProtocolBufferException e) {
      throw wrong("its payload is no Receipt");
    }
  }

  private static Map<String, Output> outputs(JobContext job, Receipt receipt) {
    Map<String, Output> outputs = new LinkedHashMap<>();
    for (ResultDigest output : receipt.getOutputsList()) {
      boolean agreed =
          job.agreement().results().stream()
              .anyMatch(rule -> rule.name().equals(output.getResult()));
      require(agreed, "outputs: '" + output.getResult() + "'");
      Output value = new Output(output.getSealedBytes(), new Digest(output.getSealedSha256()));
      require(outputs.putIfAbsent(output.getResult(), value) == null, "outputs: twice");
    }
    return outputs;
  }

  private static void require(boolean fine, String part) {
    if (!fine) {
      throw wrong(part + " is not this job's");
    }
  }

  private static RefusedException wrong(String problem) {
    return new RefusedException(
        Reason.INVALID_RESULT, "the receipt is wrong: " + problem, Map.of("problem", problem));
  }
}
