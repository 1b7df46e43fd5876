package io.parley.peer.cli;

import com.google.protobuf.ByteString;
import io.parley.agreement.Agreement;
import io.parley.agreement.DsseEnvelope;
import io.parley.agreement.SignedAgreement;
import io.parley.identity.VerifyingKey;
import io.parley.proto.broker.v1.Decision;
import io.parley.proto.broker.v1.GetReceiptResponse;
import io.parley.proto.broker.v1.Receipt;
import io.parley.proto.broker.v1.ReceiptFile;
import io.parley.tlog.InclusionProof;
import io.parley.tlog.SignedCheckpoint;
import io.parley.wire.Digest;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import io.parley.wire.StrictMessages;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A receipt that was checked with all that goes with it: the agreement's signatures, the broker's
 * signature, and the proof that it is in the broker's log. Needs nothing from outside.
 *
 * @param checkpoint of the tree that holds the receipt
 * @param cosigners parties of the agreement whose witness cosigned that checkpoint
 */
public record LoggedReceipt(
    ReceiptFile file,
    SignedAgreement agreement,
    Receipt receipt,
    long index,
    SignedCheckpoint checkpoint,
    List<String> cosigners) {
  private static final int FILE_BYTES_MAX = 8 << 20;
  private static final String RECEIPT = "receipt";

  /** The file for what the broker answered; not checked yet. */
  static ReceiptFile file(
      GetReceiptResponse answer, SignedAgreement agreement, VerifyingKey brokerKey) {
    return ReceiptFile.newBuilder()
        .setReceipt(answer.getReceipt())
        .setProof(answer.getProof())
        .setAgreement(agreement.envelope().toProto())
        .setBrokerKey(brokerKey.value())
        .build();
  }

  /**
   * Reads a file and checks all of it.
   *
   * @throws RefusedException INVALID_RESULT when it is no receipt file or one about something else,
   *     INVALID_SIGNATURE, INVALID_CHECKPOINT, INVALID_PROOF, BROKER_KEY_WRONG
   */
  public static LoggedReceipt read(ByteString bytes) {
    return check(
        StrictMessages.parse(
            ReceiptFile.parser(), bytes, FILE_BYTES_MAX, Reason.INVALID_RESULT, "receipt file"));
  }

  /** As {@link #read}. */
  static LoggedReceipt check(ReceiptFile file) {
    SignedAgreement agreement =
        SignedAgreement.fromEnvelope(DsseEnvelope.fromProto(file.getAgreement())).requireComplete();
    VerifyingKey brokerKey = new VerifyingKey(file.getBrokerKey());
    DsseEnvelope envelope = DsseEnvelope.fromProto(file.getReceipt());
    Receipt receipt = Receipts.verify(envelope, agreement, brokerKey);
    InclusionProof proof = InclusionProof.parse(file.getProof());
    SignedCheckpoint checkpoint = proof.verify(brokerKey);
    requireAbout(LogCommands.entry(proof).getDecision(), receipt, envelope.digest(), proof.index());
    LogWitnesses witnesses = new LogWitnesses(agreement.agreement().parties(), null);
    return new LoggedReceipt(
        file, agreement, receipt, proof.index(), checkpoint, witnesses.cosigners(checkpoint));
  }

  private static void requireAbout(Decision entry, Receipt receipt, Digest digest, long index) {
    boolean about =
        entry.getAction().equals(RECEIPT)
            && entry.getIndex() == index
            && entry.getJobId().equals(receipt.getJobId())
            && entry.getAgreementSha256().equals(receipt.getAgreementSha256())
            && entry.getParty().equals(receipt.getComputedAt())
            && entry.getSubjectSha256().equals(digest.value());
    if (!about) {
      throw new RefusedException(
          Reason.INVALID_PROOF,
          "the proof is about another entry of the log (%d: %s, job %s); expected receipt %s of job %s"
              .formatted(
                  entry.getIndex(),
                  entry.getAction(),
                  entry.getJobId().isEmpty() ? "-" : entry.getJobId(),
                  digest,
                  receipt.getJobId()),
          Map.of("job", receipt.getJobId()));
    }
  }

  /** What was checked, and what was not, for people. */
  List<String> sentences() {
    Agreement terms = agreement.agreement();
    List<String> said = new ArrayList<>();
    said.add(
        "Good: %s signed agreement '%s'; the broker that it names signed the receipt."
            .formatted(String.join(" and ", terms.partyNames()), terms.name()));
    said.add(
        "Good: it is entry %d of that broker's log, in its signed tree of %d entries."
            .formatted(index, checkpoint.head().size()));
    said.add(
        cosigners.isEmpty()
            ? "Not checked: no party's witness has cosigned that tree; a later 'receipt show -o' may"
                + " have cosignatures."
            : "Good: cosigned by the %s of %s."
                .formatted(
                    cosigners.size() == 1 ? "witness" : "witnesses",
                    String.join(" and ", cosigners)));
    List<String> without = new ArrayList<>(terms.partyNames());
    without.removeAll(cosigners);
    if (!cosigners.isEmpty() && !without.isEmpty()) {
      said.add("Not checked: whether %s saw the same log.".formatted(String.join(", ", without)));
    }
    return said;
  }

  Map<String, @Nullable Object> fields() {
    Map<String, @Nullable Object> fields = new LinkedHashMap<>(Receipts.fields(receipt));
    fields.put("log_index", index);
    fields.put("log_size", checkpoint.head().size());
    fields.put("cosigned_by", cosigners);
    return fields;
  }
}
