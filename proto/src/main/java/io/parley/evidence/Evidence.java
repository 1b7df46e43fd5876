package io.parley.evidence;

import com.google.protobuf.ByteString;
import io.parley.wire.Digest;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import io.parley.wire.StrictMessages;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * Claims, and what a platform signed over them. Nothing in here has been verified.
 *
 * @param kind simulated, tpm2, sev-snp, tdx or nitro
 * @param claims the exact bytes of {@link Claims}
 * @param document in the kind's own form
 */
public record Evidence(String kind, ByteString claims, ByteString document) {
  /** Kind of evidence that proves nothing about the host. */
  public static final String SIMULATED = "simulated";

  static final int MAX_DOCUMENT_BYTES = 256 << 10;
  private static final int MAX_SIZE_BYTES = Claims.MAX_SIZE_BYTES + MAX_DOCUMENT_BYTES + 256;
  private static final Pattern KIND = Pattern.compile("[a-z0-9][a-z0-9-]{0,31}");

  /**
   * Checks form and sizes.
   *
   * @throws RefusedException INVALID_EVIDENCE
   */
  public Evidence {
    if (!KIND.matcher(kind).matches()) {
      throw wrong("kind", "not in the form " + KIND);
    }
    checkSize("claims", claims, Claims.MAX_SIZE_BYTES);
    checkSize("document", document, MAX_DOCUMENT_BYTES);
  }

  /** SHA-256 over the exact bytes of the message: what grants and receipts name it by. */
  public Digest digest() {
    return Digest.of(encode());
  }

  /** What the platform must have signed. */
  public ReportData reportData() {
    return ReportData.of(claims);
  }

  /** The exact bytes of the message. */
  public ByteString encode() {
    return toMessage().toByteString();
  }

  public io.parley.proto.enclave.v1.Evidence toMessage() {
    return io.parley.proto.enclave.v1.Evidence.newBuilder()
        .setKind(kind)
        .setClaims(claims)
        .setDocument(document)
        .build();
  }

  /**
   * From bytes.
   *
   * @throws RefusedException INVALID_EVIDENCE when they are not canonical, over a limit, or hold an
   *     unknown field
   */
  public static Evidence parse(ByteString bytes) {
    return fromMessage(
        StrictMessages.parse(
            io.parley.proto.enclave.v1.Evidence.parser(),
            bytes,
            MAX_SIZE_BYTES,
            Reason.INVALID_EVIDENCE,
            "evidence"));
  }

  /**
   * From a message as gRPC delivered it.
   *
   * @throws RefusedException INVALID_EVIDENCE when it is over a limit, or holds an unknown field
   */
  public static Evidence fromMessage(io.parley.proto.enclave.v1.Evidence message) {
    StrictMessages.refuseUnknown(message, Reason.INVALID_EVIDENCE, "evidence");
    return new Evidence(message.getKind(), message.getClaims(), message.getDocument());
  }

  private static void checkSize(String field, ByteString value, int most) {
    if (value.isEmpty() || value.size() > most) {
      throw wrong(field, "%d bytes long; expected 1 to %d".formatted(value.size(), most));
    }
  }

  private static RefusedException wrong(String field, String problem) {
    return new RefusedException(
        Reason.INVALID_EVIDENCE,
        "evidence: %s: %s".formatted(field, problem),
        Map.of("field", field));
  }
}
