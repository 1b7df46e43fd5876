package io.parley.evidence;

import com.google.protobuf.ByteString;
import io.parley.wire.BugException;
import io.parley.wire.Digest;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import io.parley.wire.StrictMessages;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * What a launcher says it started: every kind of evidence is about one. It is the word of whoever
 * vouches for it, and no better than that: for {@code simulated} the host's.
 *
 * @param reportData of the enclave's claims
 * @param shim digest of the manifest of what was launched
 * @param isolation for example "bwrap"
 */
public record LaunchStatement(ReportData reportData, Digest shim, String isolation) {
  /** Keeps what platforms sign over apart from everything else that is hashed. */
  public static final String LABEL = "parley/v1/launch-statement";

  /** Most bytes that a statement may have. */
  static final int MAX_SIZE_BYTES = 4096;

  private static final Pattern ISOLATION = Pattern.compile("[a-z0-9][a-z0-9-]{0,31}");

  /**
   * Checks the form.
   *
   * @throws RefusedException INVALID_EVIDENCE
   */
  public LaunchStatement {
    if (!ISOLATION.matcher(isolation).matches()) {
      throw wrong("isolation", "not in the form " + ISOLATION);
    }
  }

  /** The exact bytes; the same for equal statements. */
  public ByteString encode() {
    return io.parley.proto.enclave.v1.LaunchStatement.newBuilder()
        .setReportData(reportData.value())
        .setShimSha256(shim.value())
        .setIsolation(isolation)
        .build()
        .toByteString();
  }

  /**
   * The statement that these bytes are; {@link #encode} gives them back.
   *
   * @throws RefusedException INVALID_EVIDENCE when they are not canonical, not in form, too long,
   *     or hold an unknown field
   */
  public static LaunchStatement parse(ByteString bytes) {
    io.parley.proto.enclave.v1.LaunchStatement message =
        StrictMessages.parse(
            io.parley.proto.enclave.v1.LaunchStatement.parser(),
            bytes,
            MAX_SIZE_BYTES,
            Reason.INVALID_EVIDENCE,
            "launch statement");
    ByteString shim = message.getShimSha256();
    if (shim.size() != Digest.SIZE_BYTES) {
      throw wrong(
          "shim_sha256", "%d bytes long; expected %d".formatted(shim.size(), Digest.SIZE_BYTES));
    }
    return new LaunchStatement(
        new ReportData(message.getReportData()), new Digest(shim), message.getIsolation());
  }

  /**
   * What SEV-SNP and TDX report over, and Nitro as user data: 64 bytes, SHA-512 over {@value
   * #LABEL}, one zero byte and the exact bytes.
   */
  public ByteString platformData() {
    return hash("SHA-512");
  }

  /** What a TPM quotes over: 32 bytes, as {@link #platformData} with SHA-256. */
  public ByteString quoteData() {
    return hash("SHA-256");
  }

  private ByteString hash(String algorithm) {
    try {
      MessageDigest hash = MessageDigest.getInstance(algorithm);
      hash.update(LABEL.getBytes(StandardCharsets.US_ASCII));
      hash.update((byte) 0);
      hash.update(encode().toByteArray());
      return ByteString.copyFrom(hash.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new BugException("every JDK has " + algorithm, e);
    }
  }

  private static RefusedException wrong(String field, String problem) {
    return new RefusedException(
        Reason.INVALID_EVIDENCE,
        "launch statement: %s: %s".formatted(field, problem),
        Map.of("field", field));
  }
}
