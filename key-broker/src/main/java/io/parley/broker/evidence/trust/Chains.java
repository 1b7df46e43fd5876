package io.parley.broker.evidence.trust;

import io.parley.broker.evidence.NotGenuineException;
import io.parley.wire.BugException;
import io.parley.wire.Digest;
import io.parley.wire.Reason;
import java.security.InvalidAlgorithmParameterException;
import java.security.NoSuchAlgorithmException;
import java.security.PublicKey;
import java.security.cert.CertPathValidator;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.PKIXParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.Set;
import javax.security.auth.x500.X500Principal;

/** Certificate chains up to a root that is known by its fingerprint. Stateless. */
public final class Chains {
  private Chains() {}

  /**
   * Checks that the chain leads from the leaf to one of the roots, each certificate signed by the
   * next and valid at that time.
   *
   * <p>Does not look at revocation.
   *
   * @param leafToRoot the root included
   * @param roots fingerprints
   * @param known chains whose signatures were checked before
   * @throws NotGenuineException EVIDENCE_ROOT_UNKNOWN, EVIDENCE_CERTIFICATE_EXPIRED or
   *     EVIDENCE_CHAIN_WRONG
   */
  public static void check(
      String what,
      List<X509Certificate> leafToRoot,
      Set<Digest> roots,
      Instant at,
      KnownSignatures known)
      throws NotGenuineException {
    X509Certificate root = leafToRoot.getLast();
    Digest seen = Certificates.fingerprint(root);
    if (!roots.contains(seen)) {
      throw new NotGenuineException(
          Reason.EVIDENCE_ROOT_UNKNOWN,
          what + ".root",
          "the chain does not end at a root that is trusted here",
          roots,
          seen);
    }
    for (X509Certificate certificate : leafToRoot) {
      validAt(what, certificate, at);
    }
    Digest signatures = KnownSignatures.ofChain(leafToRoot);
    if (!known.contains(signatures)) {
      path(what, leafToRoot.subList(0, leafToRoot.size() - 1), root, at);
      known.add(signatures);
    }
  }

  /**
   * The certificates that came, and the issuers that they lack, as far as those are at hand. By
   * name only: {@link #check} is what makes a chain of them.
   */
  public static List<X509Certificate> complete(
      List<X509Certificate> came, List<X509Certificate> atHand) {
    List<X509Certificate> all = new ArrayList<>(came);
    for (int i = 0; i < all.size() && all.size() < came.size() + Certificates.MAX_CHAIN; i++) {
      X500Principal issuer = all.get(i).getIssuerX500Principal();
      if (all.stream().noneMatch(each -> each.getSubjectX500Principal().equals(issuer))) {
        atHand.stream()
            .filter(each -> each.getSubjectX500Principal().equals(issuer))
            .findFirst()
            .ifPresent(all::add);
      }
    }
    return List.copyOf(all);
  }

  /** The vendor's root, or those in its place where there are any. */
  public static Set<Digest> rootsOr(Map<String, Digest> roots, Digest vendor) {
    return roots.isEmpty() ? Set.of(vendor) : Set.copyOf(roots.values());
  }

  /** Whether issuer and subject are one. */
  public static boolean isSelfIssued(X509Certificate certificate) {
    return certificate.getIssuerX500Principal().equals(certificate.getSubjectX500Principal());
  }

  /**
   * The key that the certificate is about.
   *
   * @throws NotGenuineException EVIDENCE_CHAIN_WRONG when these bytes are no key
   */
  public static PublicKey key(String what, X509Certificate certificate) throws NotGenuineException {
    PublicKey key = certificate.getPublicKey();
    if (key == null) {
      throw new NotGenuineException(
          Reason.EVIDENCE_CHAIN_WRONG, what + ".key", "its key cannot be read", "a key", "none");
    }
    return key;
  }

  private static void validAt(String what, X509Certificate certificate, Instant at)
      throws NotGenuineException {
    Validity validity = Validity.of(certificate);
    if (!validity.contains(at)) {
      throw new NotGenuineException(
          Reason.EVIDENCE_CERTIFICATE_EXPIRED,
          what + ".validity",
          "the certificate of '%s' is not valid at this time"
              .formatted(certificate.getSubjectX500Principal().getName()),
          validity.from() + " to " + validity.to(),
          at);
    }
  }

  private static void path(
      String what, List<X509Certificate> path, X509Certificate root, Instant at)
      throws NotGenuineException {
    if (path.isEmpty()) {
      throw new NotGenuineException(
          Reason.EVIDENCE_CHAIN_WRONG, what, "nothing but a root is there", "a chain", "a root");
    }
    try {
      PKIXParameters parameters = new PKIXParameters(Set.of(new TrustAnchor(root, null)));
      parameters.setDate(Date.from(at));
      parameters.setRevocationEnabled(false);
      CertPathValidator.getInstance("PKIX")
          .validate(CertificateFactory.getInstance("X.509").generateCertPath(path), parameters);
    } catch (CertPathValidatorException | CertificateException e) {
      throw new NotGenuineException(
          Reason.EVIDENCE_CHAIN_WRONG,
          what,
          "the certificates do not lead to their root, each signed by the next",
          "a chain up to '%s'".formatted(root.getSubjectX500Principal().getName()),
          String.valueOf(e.getMessage()));
    } catch (InvalidAlgorithmParameterException | NoSuchAlgorithmException e) {
      throw new BugException("the JDK has no path validation", e);
    }
  }
}
