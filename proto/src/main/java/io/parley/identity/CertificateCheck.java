package io.parley.identity;

import io.parley.wire.BugException;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.security.InvalidAlgorithmParameterException;
import java.security.NoSuchAlgorithmException;
import java.security.cert.CertPathValidator;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.CertificateParsingException;
import java.security.cert.PKIXParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Whether a certificate is good, for what, and by whose word.
 *
 * <p>Guarantee of what {@link #verify} returns: the certificate names that caller, was signed by
 * the CA that {@code roots} gives for that caller, directly, is a leaf on P-256 for the given use,
 * and both are within their dates at the given time. Only the first certificate of a chain is
 * looked at: roots never come from the other side. Stateless.
 */
public final class CertificateCheck {
  /** What the holder does in a handshake. */
  public enum Use {
    SERVER("1.3.6.1.5.5.7.3.1", "serverAuth"),
    CLIENT("1.3.6.1.5.5.7.3.2", "clientAuth");

    private final String oid;
    private final String text;

    Use(String oid, String text) {
      this.oid = oid;
      this.text = text;
    }
  }

  private static final int DIGITAL_SIGNATURE = 0;

  private CertificateCheck() {}

  /**
   * Who is at the other end.
   *
   * @throws RefusedException UNAUTHENTICATED when the certificate is not good; whatever {@code
   *     roots} throws, NOT_A_MEMBER above all
   */
  public static Caller verify(
      List<X509Certificate> chain, Function<Caller, CaCertificate> roots, Use use, Instant now) {
    if (chain.isEmpty()) {
      throw refused("no certificate was shown", "nobody");
    }
    X509Certificate leaf = chain.getFirst();
    Caller caller = Callers.parse(leaf);
    CaCertificate root = roots.apply(caller);
    checkDates(root.x509(), now, caller, "CA certificate of ");
    checkDates(leaf, now, caller, "certificate of ");
    checkLeaf(leaf, use, caller);
    checkPath(leaf, root, now, caller);
    return caller;
  }

  /** The dates alone: what changes while a channel is open. */
  public static void checkDates(X509Certificate certificate, Instant now, Caller caller) {
    checkDates(certificate, now, caller, "certificate of ");
  }

  private static void checkDates(
      X509Certificate certificate, Instant now, Caller caller, String what) {
    Instant from = certificate.getNotBefore().toInstant();
    Instant until = certificate.getNotAfter().toInstant();
    if (now.isBefore(from)) {
      throw refused(
          "%s%s is not valid before %s, and it is %s here; check the clocks"
              .formatted(what, caller, from, now),
          caller.toString());
    }
    if (now.isAfter(until)) {
      throw refused(
          "%s%s expired at %s; issue a new one".formatted(what, caller, until), caller.toString());
    }
  }

  private static void checkLeaf(X509Certificate leaf, Use use, Caller caller) {
    boolean @Nullable [] usage = leaf.getKeyUsage();
    if (leaf.getBasicConstraints() != -1
        || usage == null
        || !usage[DIGITAL_SIGNATURE]
        || !CaCertificate.isP256(leaf)) {
      throw refused(
          "certificate of %s must be a leaf with a P-256 key for digital signatures"
              .formatted(caller),
          caller.toString());
    }
    try {
      @Nullable List<String> extended = leaf.getExtendedKeyUsage();
      if (extended == null || !extended.contains(use.oid)) {
        throw refused(
            "certificate of %s is not for %s".formatted(caller, use.text), caller.toString());
      }
    } catch (CertificateParsingException e) {
      throw refused("certificate of %s cannot be read".formatted(caller), caller.toString());
    }
  }

  private static void checkPath(
      X509Certificate leaf, CaCertificate root, Instant now, Caller caller) {
    try {
      PKIXParameters parameters = new PKIXParameters(Set.of(new TrustAnchor(root.x509(), null)));
      parameters.setDate(Date.from(now));
      // Members are removed by the membership list, not by revocation lists.
      parameters.setRevocationEnabled(false);
      CertPathValidator.getInstance("PKIX")
          .validate(
              CertificateFactory.getInstance("X.509").generateCertPath(List.of(leaf)), parameters);
    } catch (CertPathValidatorException e) {
      throw new RefusedException(
          Reason.UNAUTHENTICATED,
          "certificate of %s was not issued by the CA %s that the membership list names for it"
              .formatted(caller, root.sha256()),
          Map.of("caller", caller.toString(), "expected", root.sha256().toString()),
          e);
    } catch (CertificateException e) {
      throw refused("certificate of %s cannot be read".formatted(caller), caller.toString());
    } catch (NoSuchAlgorithmException | InvalidAlgorithmParameterException e) {
      throw new BugException("every JDK checks PKIX paths", e);
    }
  }

  private static RefusedException refused(String message, String caller) {
    return new RefusedException(Reason.UNAUTHENTICATED, message, Map.of("caller", caller));
  }
}
