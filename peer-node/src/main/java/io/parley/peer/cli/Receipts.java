package io.parley.peer.cli;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.parley.agreement.Dsse;
import io.parley.agreement.DsseEnvelope;
import io.parley.agreement.SignedAgreement;
import io.parley.identity.VerifyingKey;
import io.parley.proto.broker.v1.EnclaveRecord;
import io.parley.proto.broker.v1.Receipt;
import io.parley.proto.broker.v1.ResultDigest;
import io.parley.wire.Digest;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Checks of a receipt. What {@link #verify} returns was signed by the broker that the agreement
 * names, and is about that agreement.
 */
final class Receipts {
  private Receipts() {}

  /**
   * The receipt in an envelope.
   *
   * @param brokerKey as the membership list has it; it must be the one that the agreement names
   * @throws RefusedException INVALID_SIGNATURE, or INVALID_RESULT when it is about something else
   */
  static Receipt verify(DsseEnvelope envelope, SignedAgreement agreement, VerifyingKey brokerKey) {
    if (!brokerKey.digest().equals(agreement.agreement().broker())) {
      throw new RefusedException(
          Reason.BROKER_KEY_WRONG,
          "the agreement names the broker %s, the membership list %s"
              .formatted(agreement.agreement().broker(), brokerKey.digest()));
    }
    boolean signed =
        envelope.payloadType().equals(Dsse.RECEIPT_TYPE)
            && envelope.signatures().stream()
                .anyMatch(s -> Dsse.verify(Dsse.RECEIPT_TYPE, envelope.payload(), s, brokerKey));
    if (!signed) {
      throw new RefusedException(
          Reason.INVALID_SIGNATURE,
          "the receipt is not signed by the agreement's broker " + brokerKey.digest());
    }
    Receipt receipt = parse(envelope);
    if (!receipt.getAgreementSha256().equals(agreement.digest().value())) {
      throw new RefusedException(
          Reason.INVALID_RESULT,
          "the receipt is for agreement %s; expected %s"
              .formatted(new Digest(receipt.getAgreementSha256()), agreement.digest()));
    }
    return receipt;
  }

  /** Unverified: only to find out which agreement to verify with. */
  static Receipt parse(DsseEnvelope envelope) {
    try {
      return Receipt.parseFrom(envelope.payload());
    } catch (InvalidProtocolBufferException e) {
      throw new RefusedException(
          Reason.INVALID_RESULT, "the envelope does not hold a receipt", Map.of(), e);
    }
  }

  /** That a sealed file is the one that the receipt names. */
  static void requireNames(Receipt receipt, String result, Digest sealed, long bytes) {
    for (ResultDigest output : receipt.getOutputsList()) {
      if (output.getResult().equals(result)) {
        if (!output.getSealedSha256().equals(sealed.value()) || output.getSealedBytes() != bytes) {
          throw new RefusedException(
              Reason.INVALID_RESULT,
              "result '%s' is %d bytes with digest %s; the receipt names %d bytes with %s"
                  .formatted(
                      result,
                      bytes,
                      sealed,
                      output.getSealedBytes(),
                      new Digest(output.getSealedSha256())),
              Map.of("result", result));
        }
        return;
      }
    }
    throw new RefusedException(
        Reason.INVALID_RESULT,
        "the receipt names no result '%s'".formatted(result),
        Map.of("result", result));
  }

  static Map<String, @Nullable Object> fields(Receipt receipt) {
    Map<String, @Nullable Object> fields = new LinkedHashMap<>();
    fields.put("job", receipt.getJobId());
    fields.put("agreement", hex(receipt.getAgreementSha256()));
    fields.put("job_digest", hex(receipt.getJobSha256()));
    fields.put("computed_at", receipt.getComputedAt());
    for (EnclaveRecord enclave : receipt.getEnclavesList()) {
      fields.put(
          "enclave " + enclave.getParty(),
          "evidence "
              + Stamps.kind(enclave.getEvidenceKind(), enclave.getEmulator())
              + " "
              + hex(enclave.getEvidenceSha256()));
    }
    receipt
        .getInputsList()
        .forEach(input ->
            fields.put(
                "input " + input.getDataset(),
                input.getRows() + " rows, commitment " + hex(input.getCommitment())));
    receipt
        .getOutputsList()
        .forEach(output ->
            fields.put(
                "output " + output.getResult(),
                output.getRows() + " rows, sealed " + hex(output.getSealedSha256())));
    fields.put("finished", JobViews.time(receipt.hasFinishedAt(), receipt.getFinishedAt()));
    fields.put("jobs", receipt.getJobsStarted() + "/" + receipt.getMaxJobs());
    return fields;
  }

  private static @Nullable String hex(ByteString digest) {
    return digest.size() == Digest.SIZE_BYTES ? new Digest(digest).toString() : null;
  }
}
