package io.parley.evidence;

import com.google.protobuf.ByteString;
import io.parley.wire.BugException;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Map;

/**
 * What a platform signs: SHA-512 over {@value #LABEL}, one zero byte and the exact bytes of the
 * claims. 64 bytes, the size that SEV-SNP, TDX and Nitro take.
 */
public record ReportData(ByteString value) {
  public static final int SIZE_BYTES = 64;
  static final String LABEL = "parley/v1/report-data";

  /**
   * From 64 raw bytes.
   *
   * @throws RefusedException INVALID_EVIDENCE for any other length; nothing is padded or cut
   */
  public ReportData {
    if (value.size() != SIZE_BYTES) {
      throw new RefusedException(
          Reason.INVALID_EVIDENCE,
          "report data is %d bytes long; expected %d".formatted(value.size(), SIZE_BYTES),
          Map.of("size", Integer.toString(value.size())));
    }
  }

  /** Of these claims, as they were encoded. */
  public static ReportData of(ByteString claims) {
    return of(LABEL, claims);
  }

  /** Of a message that another label keeps apart from claims. */
  static ReportData of(String label, ByteString message) {
    try {
      MessageDigest sha512 = MessageDigest.getInstance("SHA-512");
      sha512.update(label.getBytes(StandardCharsets.US_ASCII));
      sha512.update((byte) 0);
      sha512.update(message.toByteArray());
      return new ReportData(ByteString.copyFrom(sha512.digest()));
    } catch (NoSuchAlgorithmException e) {
      throw new BugException("every JDK has SHA-512", e);
    }
  }
}
