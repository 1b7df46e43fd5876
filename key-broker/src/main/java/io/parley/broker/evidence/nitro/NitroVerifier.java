package io.parley.broker.evidence.nitro;

import com.google.protobuf.ByteString;
import io.parley.broker.evidence.ExpectedReportData;
import io.parley.broker.evidence.NitroClaims;
import io.parley.broker.evidence.NotGenuineException;
import io.parley.broker.evidence.Verification;
import io.parley.broker.evidence.trust.Chains;
import io.parley.broker.evidence.trust.KnownSignatures;
import io.parley.broker.evidence.trust.Signatures;
import io.parley.wire.Digest;
import io.parley.wire.Reason;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Set;

/**
 * Checks that a Nitro machine of AWS's signed a document, and that it was made over the expected
 * report data, which is its user data. The machine's certificate lives for three hours, and stands
 * in for a revocation list. Thread-safe.
 */
public final class NitroVerifier {
  /** Fingerprint of AWS's root, "aws.nitro-enclaves". */
  public static final Digest AWS =
      Digest.parse("sha256:641a0321a3e244efe456463195d606317ed7cdcc3c1756e09893f3c68f79bb5b");

  private static final byte ARRAY_OF_4 = (byte) 0x84;
  private static final byte TEXT_OF_10 = 0x6a;
  private static final byte EMPTY_BYTES = 0x40;
  private static final int BYTES = 0x40;
  private static final int TWO_BYTES_FOLLOW = 0x59;

  private final Set<Digest> roots;
  private final KnownSignatures known;

  /**
   * Checks every signature every time.
   *
   * @param roots fingerprints
   */
  public NitroVerifier(Set<Digest> roots) {
    this(roots, KnownSignatures.none());
  }

  /**
   * @param roots fingerprints
   */
  public NitroVerifier(Set<Digest> roots, KnownSignatures known) {
    this.roots = Set.copyOf(roots);
    this.known = known;
  }

  /** Checks. */
  public Verification<NitroClaims> verify(
      NitroDocument document, ExpectedReportData expected, Instant at) {
    return Verification.of(() -> {
      Chains.check("document", document.chain(), roots, at, known);
      X509Certificate leaf = document.chain().getFirst();
      Signatures.checkEcdsa(
          "document",
          Signatures.P384,
          Chains.key("document", leaf),
          signed(document),
          document.signature());
      madeWhileValid(document.unverified().timestamp(), leaf);
      expected.check("user_data", document.unverified().userData());
      return document.unverified();
    });
  }

  /** RFC 9052, section 4.4: ["Signature1", protected, external = nothing, payload]. */
  private static ByteString signed(NitroDocument document) {
    return ByteString.copyFrom(new byte[] {ARRAY_OF_4, TEXT_OF_10})
        .concat(ByteString.copyFromUtf8("Signature1"))
        .concat(
            ByteString.copyFrom(new byte[] {(byte) (BYTES | document.protectedHeader().size())}))
        .concat(document.protectedHeader())
        .concat(ByteString.copyFrom(new byte[] {EMPTY_BYTES}))
        .concat(head(document.payload().size()))
        .concat(document.payload());
  }

  /** A payload with certificates in it is longer than 255 bytes, and shorter than 64 KiB. */
  private static ByteString head(int size) {
    return ByteString.copyFrom(
        new byte[] {(byte) TWO_BYTES_FOLLOW, (byte) (size >>> 8), (byte) size});
  }

  private static void madeWhileValid(Instant timestamp, X509Certificate leaf)
      throws NotGenuineException {
    Instant from = leaf.getNotBefore().toInstant();
    Instant to = leaf.getNotAfter().toInstant();
    if (timestamp.isBefore(from) || timestamp.isAfter(to)) {
      throw new NotGenuineException(
          Reason.EVIDENCE_CERTIFICATE_EXPIRED,
          "timestamp",
          "the document was made when its certificate was not valid",
          from + " to " + to,
          timestamp);
    }
  }
}
