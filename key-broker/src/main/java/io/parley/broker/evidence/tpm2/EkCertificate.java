package io.parley.broker.evidence.tpm2;

import io.parley.broker.evidence.NotGenuineException;
import io.parley.broker.evidence.Verification;
import io.parley.broker.evidence.trust.Certificates;
import io.parley.broker.evidence.trust.Chains;
import io.parley.broker.evidence.trust.KnownSignatures;
import io.parley.wire.Digest;
import io.parley.wire.Reason;
import java.security.PublicKey;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/** An endorsement key that a vendor certified. Made by {@link #verify} only. */
public final class EkCertificate {
  private static final String EK_CERTIFICATE = "2.23.133.8.1";

  private final PublicKey key;
  private final String root;
  private final String emulator;

  private EkCertificate(PublicKey key, String root, String emulator) {
    this.key = key;
    this.root = root;
    this.emulator = emulator;
  }

  /**
   * Checks the chain of an endorsement key's certificate, and that nothing in it is revoked.
   *
   * @param leafToRoot the root included
   * @param roots name by fingerprint; there are many vendors of TPMs, so there is no default
   * @param revocation lists are wanted of a TPM that its vendor made; an emulation's authority
   *     publishes none
   */
  public static Verification<EkCertificate> verify(
      List<X509Certificate> leafToRoot,
      Map<Digest, String> roots,
      EkRevocation revocation,
      Instant at) {
    return verify(leafToRoot, roots, revocation, at, KnownSignatures.none());
  }

  /** As {@link #verify(List, Map, EkRevocation, Instant)}, with chains that were checked before. */
  public static Verification<EkCertificate> verify(
      List<X509Certificate> leafToRoot,
      Map<Digest, String> roots,
      EkRevocation revocation,
      Instant at,
      KnownSignatures known) {
    return Verification.of(() -> {
      Chains.check("EK", leafToRoot, roots.keySet(), at, known);
      X509Certificate leaf = leafToRoot.getFirst();
      if (!isForEndorsement(leaf)) {
        throw new NotGenuineException(
            Reason.EVIDENCE_CHAIN_WRONG,
            "EK.extended_key_usage",
            "the certificate is not that of an endorsement key",
            EK_CERTIFICATE,
            "another usage");
      }
      String emulator = TpmModel.of(leaf).emulator();
      (emulator.isEmpty() ? revocation : revocation.optional()).check(leafToRoot, at, known);
      Digest root = Certificates.fingerprint(leafToRoot.getLast());
      return new EkCertificate(Chains.key("EK", leaf), roots.getOrDefault(root, ""), emulator);
    });
  }

  PublicKey key() {
    return key;
  }

  String root() {
    return root;
  }

  /** Which emulation the certificate is of; empty for a TPM that its vendor made. */
  String emulator() {
    return emulator;
  }

  private static boolean isForEndorsement(X509Certificate leaf) {
    try {
      List<String> usages = leaf.getExtendedKeyUsage();
      return usages != null && usages.contains(EK_CERTIFICATE);
    } catch (CertificateParsingException e) {
      return false;
    }
  }
}
