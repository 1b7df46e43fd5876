package io.parley.evidence;

import com.google.protobuf.ByteString;
import io.parley.proto.enclave.v1.SimulatedDocument;
import io.parley.wire.Digest;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import io.parley.wire.StrictMessages;

/**
 * The document of evidence of kind {@code simulated}: a launch statement that a software key of the
 * host's signed. It proves nothing about the host; it shows only that whoever holds that key said
 * so.
 *
 * <p>A parsed document is unverified until {@link #isSignedBy} has said yes.
 *
 * @param launch what was signed
 * @param signature Ed25519 over {@value #LABEL}, one zero byte and the statement's exact bytes
 */
public record SimulatedEvidence(LaunchStatement launch, ByteString signature) {

  /** Keeps these signatures apart from every other that the same key could make. */
  public static final String LABEL = "parley/v1/simulated-statement";

  static final int SIGNATURE_SIZE_BYTES = 64;
  private static final int MAX_SIZE_BYTES = 4096;
  private static final DocumentForm FORM = new DocumentForm("simulated document");

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
    ByteString statement = new LaunchStatement(reportData, shim, isolation).encode();
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
    SimulatedDocument message =
        StrictMessages.parse(
            SimulatedDocument.parser(),
            document,
            MAX_SIZE_BYTES,
            Reason.INVALID_EVIDENCE,
            "simulated document");
    FORM.size("signature", message.getSignature(), SIGNATURE_SIZE_BYTES, SIGNATURE_SIZE_BYTES);
    return new SimulatedEvidence(
        LaunchStatement.parse(message.getStatement()), message.getSignature());
  }

  /** What the statement is about. */
  public ReportData reportData() {
    return launch.reportData();
  }

  /** Digest of the manifest of what was launched. */
  public Digest shim() {
    return launch.shim();
  }

  /** For example "bwrap". */
  public String isolation() {
    return launch.isolation();
  }

  /** Whether the holder of this platform key signed the statement. */
  public boolean isSignedBy(Verifier platformKey) {
    return platformKey.verify(LABEL, launch.encode(), signature);
  }
}
