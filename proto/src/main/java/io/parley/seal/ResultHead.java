package io.parley.seal;

import com.google.protobuf.ByteString;
import io.parley.proto.enclave.v1.SealedResultHead;
import io.parley.wire.Digest;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import io.parley.wire.StrictMessages;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * What a sealed result file says in clear, before its stream. The stream opens under these exact
 * bytes only; but whoever holds the result key could have written both, so what counts is the
 * receipt.
 *
 * @param result its name
 * @param jobId 32 lower-case hex digits
 * @param agreement digest of the agreement
 * @param format arrow, csv or json
 * @param evidenceKind of the enclave that sealed it; "simulated" must be shown to people
 * @param recipients the result key, once per recipient
 */
public record ResultHead(
    String result,
    String jobId,
    Digest agreement,
    String format,
    String evidenceKind,
    List<SealedKey> recipients) {

  static final int MAX_SIZE_BYTES = 256 << 10;
  static final int MAX_RECIPIENTS = 64;

  private static final Set<String> FORMATS = Set.of("arrow", "csv", "json");
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9_-]{0,62}");
  private static final Pattern JOB_ID = Pattern.compile("[0-9a-f]{32}");
  private static final Pattern KIND = Pattern.compile("[a-z0-9][a-z0-9-]{0,31}");

  /**
   * Checks every field.
   *
   * @throws RefusedException INVALID_RESULT
   */
  public ResultHead {
    recipients = List.copyOf(recipients);
    check("result", NAME.matcher(result).matches());
    check("job_id", JOB_ID.matcher(jobId).matches());
    check("format", FORMATS.contains(format));
    check("evidence_kind", KIND.matcher(evidenceKind).matches());
    check("recipients", !recipients.isEmpty() && recipients.size() <= MAX_RECIPIENTS);
    check("recipients", new HashSet<>(names(recipients)).size() == recipients.size());
  }

  /** Who may open it. */
  public List<String> recipientNames() {
    return names(recipients);
  }

  /** Its sealed key for this party. */
  SealedKey keyFor(String party) {
    for (SealedKey key : recipients) {
      if (key.party().equals(party)) {
        return key;
      }
    }
    String names = String.join(", ", recipientNames());
    throw new RefusedException(
        Reason.NOT_A_RECIPIENT,
        "'%s' is no recipient of result '%s' of job %s; its recipients are: %s"
            .formatted(party, result, jobId, names),
        Map.of("party", party, "result", result, "job", jobId, "recipients", names));
  }

  Bindings.Result bindings() {
    return new Bindings.Result(agreement, jobId, result);
  }

  ByteString encode() {
    SealedResultHead.Builder message =
        SealedResultHead.newBuilder()
            .setResult(result)
            .setJobId(jobId)
            .setAgreementSha256(agreement.value())
            .setFormat(format)
            .setEvidenceKind(evidenceKind);
    recipients.forEach(key -> message.addRecipients(key.toMessage()));
    return message.build().toByteString();
  }

  static ResultHead parse(ByteString bytes) {
    SealedResultHead message =
        StrictMessages.parse(
            SealedResultHead.parser(),
            bytes,
            MAX_SIZE_BYTES,
            Reason.INVALID_RESULT,
            "head of a sealed result");
    try {
      List<SealedKey> recipients = new ArrayList<>();
      message.getRecipientsList().forEach(key -> recipients.add(SealedKey.fromMessage(key)));
      return new ResultHead(
          message.getResult(),
          message.getJobId(),
          new Digest(message.getAgreementSha256()),
          message.getFormat(),
          message.getEvidenceKind(),
          recipients);
    } catch (RefusedException e) {
      throw e.reason() == Reason.INVALID_RESULT
          ? e
          : new RefusedException(
              Reason.INVALID_RESULT, "head of a sealed result: " + e.getMessage(), e.metadata(), e);
    }
  }

  private static List<String> names(List<SealedKey> recipients) {
    return recipients.stream().map(SealedKey::party).toList();
  }

  private static void check(String field, boolean good) {
    if (!good) {
      throw new RefusedException(
          Reason.INVALID_RESULT,
          "head of a sealed result: %s is missing, repeated or not in its form".formatted(field),
          Map.of("field", field));
    }
  }
}
