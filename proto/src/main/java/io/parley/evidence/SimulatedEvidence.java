package io.parley.evidence;

import com.google.protobuf.ByteString;
import io.parley.proto.enclave.v1.SimulatedDocument;
import io.parley.proto.enclave.v1.SimulatedStatement;
import io.parley.wire.Digest;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import io.parley.wire.StrictMessages;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * The document of evidence of kind {@code simulated}: a statement that a software key of the host's
 * signed. It proves nothing about the host; it shows only that whoever holds that key said so.
 *
 * <p>A parsed document is unverified until {@link #isSignedBy} has said yes.
 *
 * @param statement the exact bytes that were signed
 * @param signature Ed25519 over {@value #LABEL}, one zero byte and the statement
 * @param reportData what the statement is about
 * @param shim digest of the manifest of what was launched
 * @param isolation for example "bwrap"
 */
public record SimulatedEvidence(
    ByteString statement,
    ByteString signature,
    ReportData reportData,
    Digest shim,
    String isolation) {

  /** Keeps these signatures apart from every other that the same key could make. */
  public static final String LABEL = "parley/v1/simulated-statement";

  static final int SIGNATURE_SIZE_BYTES = 64;
  private static final int MAX_SIZE_BYTES = 4096;
  private static final Pattern ISOLATION = Pattern.compile("[a-z0-9][a-z0-9-]{0,31}");

  /** Signs label-separated messages: the signature covers {@code label || 0x00 || message}. */
  @FunctionalInterface
  public interface Signer {
    ByteString sign(String label, ByteString message);
  }

  /** Verifies label-separated messages. */
  @FunctionalInterface
  public interface Verifier {
    boolean verify(String label, ByteString message, ByteString signature);
  }

  /** The document over this report data: bytes of a {@code SimulatedDocument}. */
  public static ByteString sign(
      Signer platformKey, ReportData reportData, Digest shim, String isolation) {
    checkIsolation(isolation);
    ByteString statement =
        SimulatedStatement.newBuilder()
            .setReportData(reportData.value())
            .setShimSha256(shim.value())
            .setIsolation(isolation)
            .build()
            .toByteString();
    return SimulatedDocument.newBuilder()
        .setStatement(statement)
        .setSignature(platformKey.sign(LABEL, statement))
        .build()
        .toByteString();
  }

  /**
   * Reads a document, unverified.
   *
   * @throws RefusedException INVALID_EVIDENCE when it or its statement is not canonical, not in
   *     form, or holds an unknown field
   */
  public static SimulatedEvidence parse(ByteString document) {
    SimulatedDocument outer =
        StrictMessages.parse(
            SimulatedDocument.parser(),
            document,
            MAX_SIZE_BYTES,
            Reason.INVALID_EVIDENCE,
            "simulated document");
    SimulatedStatement inner =
        StrictMessages.parse(
            SimulatedStatement.parser(),
            outer.getStatement(),
            MAX_SIZE_BYTES,
            Reason.INVALID_EVIDENCE,
            "simulated statement");
    checkSize("signature", outer.getSignature(), SIGNATURE_SIZE_BYTES);
    checkSize("shim_sha256", inner.getShimSha256(), Digest.SIZE_BYTES);
    checkIsolation(inner.getIsolation());
    return new SimulatedEvidence(
        outer.getStatement(),
        outer.getSignature(),
        new ReportData(inner.getReportData()),
        new Digest(inner.getShimSha256()),
        inner.getIsolation());
  }

  /** Whether the holder of this platform key signed the statement. */
  public boolean isSignedBy(Verifier platformKey) {
    return platformKey.verify(LABEL, statement, signature);
  }

  private static void checkIsolation(String isolation) {
    if (!ISOLATION.matcher(isolation).matches()) {
      throw wrong("isolation", "not in the form " + ISOLATION);
    }
  }

  private static void checkSize(String field, ByteString value, int expected) {
    if (value.size() != expected) {
      throw wrong(field, "%d bytes long; expected %d".formatted(value.size(), expected));
    }
  }

  private static RefusedException wrong(String field, String problem) {
    return new RefusedException(
        Reason.INVALID_EVIDENCE,
        "simulated document: %s: %s".formatted(field, problem),
        Map.of("field", field));
  }
}
