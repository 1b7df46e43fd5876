package io.parley.broker.evidence.trust;

import com.google.protobuf.ByteString;
import io.parley.wire.BugException;
import io.parley.wire.Digest;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.security.cert.CRLException;
import java.security.cert.CertificateEncodingException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509CRL;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads X.509 certificates and revocation lists; each exactly one, nothing after it. */
public final class Certificates {
  /** Most certificates in one chain: every vendor's has 3 to 5. */
  public static final int MAX_CHAIN = 10;

  static final int MAX_CERTIFICATE_BYTES = 16 << 10;
  static final int MAX_CRL_BYTES = 4 << 20;
  private static final int PEM_LINE = 64;
  private static final Pattern PEM =
      Pattern.compile(
          "\\s*-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\\s]{1,65536}+)-----END CERTIFICATE-----\\s*");

  private Certificates() {}

  /**
   * One certificate.
   *
   * @param what for messages, such as "VCEK"
   * @throws io.parley.wire.RefusedException INVALID_EVIDENCE
   */
  public static X509Certificate parse(String what, ByteString der) {
    if (der.size() > MAX_CERTIFICATE_BYTES) {
      throw Octets.malformed(
          what, "certificate", "is larger than %d bytes".formatted(MAX_CERTIFICATE_BYTES));
    }
    try {
      X509Certificate certificate =
          (X509Certificate)
              factory().generateCertificate(new ByteArrayInputStream(der.toByteArray()));
      if (!encoded(certificate).equals(der)) {
        throw Octets.malformed(what, "certificate", "is not one DER certificate and no more");
      }
      requireWholeSignature(what, "certificate", der, certificate.getSignature());
      return certificate;
    } catch (CertificateException e) {
      throw Octets.malformed(what, "certificate", "is no X.509 certificate");
    }
  }

  /**
   * The certificates of a PEM text, in its order; nothing but blanks between them.
   *
   * @throws io.parley.wire.RefusedException INVALID_EVIDENCE
   */
  public static List<X509Certificate> parsePem(String what, String text) {
    List<X509Certificate> chain = new ArrayList<>();
    Matcher block = PEM.matcher(text);
    int end = 0;
    while (end < text.length()) {
      if (chain.size() == MAX_CHAIN) {
        throw Octets.malformed(what, "chain", "has more than %d certificates".formatted(MAX_CHAIN));
      }
      if (!block.region(end, text.length()).lookingAt()) {
        throw Octets.malformed(what, "chain", "is not PEM certificates and nothing else");
      }
      chain.add(parse(what, base64(what, block.group(1))));
      end = block.end();
    }
    return List.copyOf(chain);
  }

  /**
   * The certificates of a PEM text that is written in just one way, 64 characters to a line: no
   * byte of it can be changed without changing a certificate.
   *
   * @throws io.parley.wire.RefusedException INVALID_EVIDENCE
   */
  public static List<X509Certificate> parseCanonicalPem(String what, ByteString text) {
    List<X509Certificate> chain = parsePem(what, text.toString(StandardCharsets.ISO_8859_1));
    StringBuilder canonical = new StringBuilder();
    for (X509Certificate certificate : chain) {
      canonical
          .append("-----BEGIN CERTIFICATE-----\n")
          .append(
              Base64.getMimeEncoder(PEM_LINE, new byte[] {'\n'})
                  .encodeToString(encoded(certificate).toByteArray()))
          .append("\n-----END CERTIFICATE-----\n");
    }
    if (chain.isEmpty() || !ByteString.copyFromUtf8(canonical.toString()).equals(text)) {
      throw Octets.malformed(what, "chain", "is not PEM in its usual form");
    }
    return chain;
  }

  /**
   * One revocation list.
   *
   * @throws io.parley.wire.RefusedException INVALID_EVIDENCE
   */
  public static X509CRL parseCrl(String what, ByteString der) {
    if (der.size() > MAX_CRL_BYTES) {
      throw Octets.malformed(
          what, "revocation list", "is larger than %d bytes".formatted(MAX_CRL_BYTES));
    }
    try {
      X509CRL crl = (X509CRL) factory().generateCRL(new ByteArrayInputStream(der.toByteArray()));
      if (!ByteString.copyFrom(crl.getEncoded()).equals(der)) {
        throw Octets.malformed(what, "revocation list", "is not one DER list and no more");
      }
      requireWholeSignature(what, "revocation list", der, crl.getSignature());
      return crl;
    } catch (CRLException e) {
      throw Octets.malformed(what, "revocation list", "is no X.509 revocation list");
    }
  }

  /** Whether these bytes begin like a revocation list; nothing is said about the rest. */
  public static boolean isCrl(ByteString der) {
    try {
      return factory().generateCRL(new ByteArrayInputStream(der.toByteArray())) != null;
    } catch (CRLException e) {
      return false;
    }
  }

  /** What a certificate is known by: SHA-256 over its DER bytes. */
  public static Digest fingerprint(X509Certificate certificate) {
    return Digest.of(encoded(certificate));
  }

  /**
   * That the BIT STRING of the signature, which is the last thing there, says that all its bits
   * count. X.690, section 8.6.2 lets it say otherwise where the last bits happen to be 0, and then
   * the same signature would be good for a second form of the bytes.
   */
  private static void requireWholeSignature(
      String what, String kind, ByteString der, byte[] signature) {
    int unusedBits = der.size() - signature.length - 1;
    if (unusedBits < 0 || der.byteAt(unusedBits) != 0) {
      throw Octets.malformed(what, kind, "has a signature that is not whole bytes");
    }
  }

  private static ByteString encoded(X509Certificate certificate) {
    try {
      return ByteString.copyFrom(certificate.getEncoded());
    } catch (CertificateEncodingException e) {
      throw new BugException("a parsed certificate cannot be encoded", e);
    }
  }

  private static ByteString base64(String what, String text) {
    try {
      return ByteString.copyFrom(Base64.getDecoder().decode(text.replaceAll("\\s", "")));
    } catch (IllegalArgumentException e) {
      throw Octets.malformed(what, "chain", "has a certificate that is not base64");
    }
  }

  private static CertificateFactory factory() {
    try {
      return CertificateFactory.getInstance("X.509");
    } catch (CertificateException e) {
      throw new BugException("every JDK has X.509", e);
    }
  }
}
