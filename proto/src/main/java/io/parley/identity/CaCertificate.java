package io.parley.identity;

import com.google.protobuf.ByteString;
import io.parley.wire.Conscrypted;
import io.parley.wire.Digest;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.io.ByteArrayInputStream;
import java.security.GeneralSecurityException;
import java.security.PublicKey;
import java.security.cert.CertificateEncodingException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.interfaces.ECPublicKey;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The root that all certificates of one party, or of the broker, chain to.
 *
 * <p>Guarantee: self-signed, a CA for leaves only (path length 0), key on P-256. Dates are checked
 * where a chain is checked. Immutable.
 */
public record CaCertificate(X509Certificate x509) {
  /** Longest accepted DER. */
  public static final int MAX_BYTES = 4096;

  private static final int P256_BITS = 256;
  private static final int KEY_CERT_SIGN = 5;

  /**
   * @throws RefusedException UNAUTHENTICATED when it is no such certificate
   */
  public CaCertificate {
    @Nullable String problem = problem(x509);
    if (problem != null) {
      throw new RefusedException(
          Reason.UNAUTHENTICATED, "CA certificate " + problem, Map.of("problem", problem));
    }
  }

  /** From DER. */
  public static CaCertificate parse(ByteString der) {
    return new CaCertificate(parseX509(der));
  }

  static X509Certificate parseX509(ByteString der) {
    if (der.size() > MAX_BYTES) {
      throw new RefusedException(
          Reason.UNAUTHENTICATED,
          "certificate is %d bytes long; at most %d".formatted(der.size(), MAX_BYTES));
    }
    try {
      ByteArrayInputStream in = new ByteArrayInputStream(der.toByteArray());
      X509Certificate parsed =
          (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(in);
      if (parsed == null || !ByteString.copyFrom(parsed.getEncoded()).equals(der)) {
        throw new RefusedException(
            Reason.UNAUTHENTICATED, "expected exactly one DER certificate, came something else");
      }
      return parsed;
    } catch (CertificateException e) {
      throw new RefusedException(
          Reason.UNAUTHENTICATED, "expected a DER certificate, came something else", Map.of(), e);
    }
  }

  private static @Nullable String problem(X509Certificate x509) {
    if (x509.getBasicConstraints() != 0) {
      return "must be a CA with path length 0 (basic constraints)";
    }
    boolean @Nullable [] usage = x509.getKeyUsage();
    if (usage == null || !usage[KEY_CERT_SIGN]) {
      return "must have key usage keyCertSign";
    }
    if (!isP256(x509)) {
      return "must have a P-256 key";
    }
    if (!x509.getSubjectX500Principal().equals(x509.getIssuerX500Principal())) {
      return "must be self-signed, but its issuer is another";
    }
    if (x509.hasUnsupportedCriticalExtension()) {
      return "has a critical extension that this version does not know";
    }
    try {
      x509.verify(x509.getPublicKey(), Conscrypted.PROVIDER);
      return null;
    } catch (GeneralSecurityException e) {
      return "must be self-signed, but its signature is not by its own key";
    }
  }

  static boolean isP256(X509Certificate x509) {
    return isP256(x509.getPublicKey());
  }

  static boolean isP256(PublicKey publicKey) {
    return publicKey instanceof ECPublicKey key
        && key.getParams().getOrder().bitLength() == P256_BITS
        && key.getParams().getCurve().getField().getFieldSize() == P256_BITS;
  }

  /** As messages carry it. */
  public ByteString der() {
    return der(x509);
  }

  static ByteString der(X509Certificate x509) {
    try {
      return ByteString.copyFrom(x509.getEncoded());
    } catch (CertificateEncodingException e) {
      throw new RefusedException(
          Reason.UNAUTHENTICATED, "certificate has no DER form", Map.of(), e);
    }
  }

  /** SHA-256 of the DER: its fingerprint. */
  public Digest sha256() {
    return Digest.of(der());
  }

  @Override
  public String toString() {
    return x509.getSubjectX500Principal() + " " + sha256();
  }
}
