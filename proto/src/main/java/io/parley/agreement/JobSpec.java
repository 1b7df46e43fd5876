package io.parley.agreement;

import com.google.protobuf.ByteString;
import io.parley.wire.Digest;
import io.parley.wire.Problems;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import io.parley.wire.StrictMessages;
import io.parley.wire.Suggestions;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.Collections;
import java.util.HexFormat;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * One run of an agreement's app. All enclaves of the job hold the same bytes, and their digest is
 * part of every key derivation. Immutable.
 *
 * @param jobId 128 random bits, lower-case hex
 * @param submitter the party whose client asked
 * @param parameters the agreement's free parameters, as text of their types; sorted
 */
public record JobSpec(
    String jobId,
    Digest agreement,
    String submitter,
    Instant created,
    Map<String, String> parameters) {
  private static final int ID_BYTES = 16;

  /**
   * @throws RefusedException INVALID_REQUEST when a part is malformed
   */
  public JobSpec {
    parameters = Collections.unmodifiableSortedMap(new TreeMap<>(parameters));
    Problems problems = new Problems();
    Rules rules = new Rules(problems);
    problems.check(isJobId(jobId), "job_id", "must be 32 lower-case hex digits");
    rules.partyName("submitter", submitter);
    rules.expires("created", created);
    rules.size("parameters", parameters.size(), 0, Limits.MAX_PARAMETERS);
    parameters.forEach((name, value) -> {
      rules.tableName("parameters", name);
      rules.fixedValue("parameters." + Suggestions.shown(name), value);
    });
    problems.throwIfAny(Reason.INVALID_REQUEST, "job");
  }

  /** Whether this is what a job's id looks like. */
  public static boolean isJobId(String text) {
    return text.matches("[0-9a-f]{%d}".formatted(2 * ID_BYTES));
  }

  /**
   * A fresh id: a UUID of version 7 (RFC 9562, 5.7) without hyphens, milliseconds and 74 random
   * bits. Jobs of one time are near each other in a database that is ordered by their ids, so that
   * whoever writes many at once writes fewer pages.
   */
  public static String newJobId(Instant now, SecureRandom random) {
    byte[] id = new byte[ID_BYTES];
    random.nextBytes(id);
    long millis = now.toEpochMilli();
    ByteBuffer.wrap(id).putShort((short) (millis >>> Integer.SIZE)).putInt((int) millis);
    id[6] = (byte) (id[6] & 0x0f | 0x70);
    id[8] = (byte) (id[8] & 0x3f | 0x80);
    return HexFormat.of().formatHex(id);
  }

  /** The exact bytes. */
  public ByteString encode() {
    return StrictMessages.encode(
        io.parley.proto.agreement.v1.JobSpec.newBuilder()
            .setJobId(jobId)
            .setAgreementSha256(agreement.value())
            .setSubmitter(submitter)
            .setCreated(StrictMessages.timestamp(created))
            .putAllParameters(parameters)
            .build());
  }

  /**
   * From exact bytes.
   *
   * @throws RefusedException INVALID_REQUEST, or SIZE_LIMIT
   */
  public static JobSpec decode(ByteString bytes) {
    io.parley.proto.agreement.v1.JobSpec message =
        StrictMessages.parse(
            io.parley.proto.agreement.v1.JobSpec.parser(),
            bytes,
            Limits.MAX_DOCUMENT_BYTES,
            Reason.INVALID_REQUEST,
            "job");
    return new JobSpec(
        message.getJobId(),
        new Digest(message.getAgreementSha256()),
        message.getSubmitter(),
        StrictMessages.instant(message.getCreated(), Reason.INVALID_REQUEST),
        message.getParametersMap());
  }

  /** SHA-256 of the exact bytes. */
  public Digest digest() {
    return Digest.of(encode());
  }

  /**
   * That this job is one of that agreement's.
   *
   * @throws RefusedException INVALID_REQUEST when it names another agreement; otherwise as {@link
   *     #check(Agreement)}
   */
  public void check(SignedAgreement signed) {
    if (!agreement.equals(signed.digest())) {
      throw new RefusedException(
          Reason.INVALID_REQUEST,
          "job is for agreement %s, not for %s".formatted(agreement, signed.digest()),
          Map.of("expected", signed.digest().toString(), "seen", agreement.toString()));
    }
    check(signed.agreement());
  }

  /**
   * That the submitter is a party, and that every free parameter is set, to a value of its type,
   * and nothing else is.
   *
   * @throws RefusedException NOT_A_PARTY, or INVALID_PARAMETER that lists every problem; values are
   *     not in the message
   */
  public void check(Agreement terms) {
    Party submitting = terms.party(submitter);
    Problems problems = new Problems();
    ParameterValues.check(problems, terms.parameters(), parameters);
    problems.throwIfAny(
        Reason.INVALID_PARAMETER,
        "job of '%s' under agreement '%s'".formatted(submitting.name(), terms.name()));
  }

  /** What the app gets: the agreement's fixed values and this job's free ones. */
  public SortedMap<String, String> allParameters(Agreement terms) {
    check(terms);
    return ParameterValues.all(terms.parameters(), parameters);
  }
}
