package io.parley.broker.evidence;

import com.google.protobuf.ByteString;
import io.parley.broker.evidence.trust.Certificates;
import io.parley.wire.Digest;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.cert.CRLException;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509CRL;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.X509EncodedKeySpec;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.X509v2CRLBuilder;
import org.bouncycastle.cert.jcajce.JcaX509CRLConverter;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.operator.ContentSigner;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.conscrypt.Conscrypt;

/** A made-up vendor's key with its certificate; issues more of them, and revocation lists. */
public final class FakeAuthority {
  public static final Instant FROM = Instant.parse("2026-01-01T00:00:00Z");
  public static final Instant NOW = Instant.parse("2026-06-01T12:00:00Z");
  public static final Instant TO = Instant.parse("2033-01-01T00:00:00Z");

  private static long serial = 1;

  private final KeyPair keys;
  private final X509Certificate certificate;

  private FakeAuthority(KeyPair keys, X509Certificate certificate) {
    this.keys = keys;
    this.certificate = certificate;
  }

  /** An extension of a certificate, not critical. */
  public record Extra(String oid, byte[] value) {}

  /** A root of its own. */
  public static FakeAuthority root(String name, KeyPair keys) {
    return new FakeAuthority(keys, sign(name, keys, name, keys, true, FROM, TO, List.of()));
  }

  /** An issuer below this one. */
  public FakeAuthority issuer(String name, KeyPair its) {
    return new FakeAuthority(its, sign(name, its, name(), keys, true, FROM, TO, List.of()));
  }

  /** A key that issues nothing. */
  public FakeAuthority leaf(String name, KeyPair its, List<Extra> extras) {
    return leaf(name, its, FROM, TO, extras);
  }

  public FakeAuthority leaf(
      String name, KeyPair its, Instant from, Instant to, List<Extra> extras) {
    return new FakeAuthority(its, sign(name, its, name(), keys, false, from, to, extras));
  }

  public X509Certificate certificate() {
    return certificate;
  }

  public Digest fingerprint() {
    return Certificates.fingerprint(certificate);
  }

  public KeyPair keys() {
    return keys;
  }

  /** A list of what this one has revoked. */
  public X509CRL revoking(Instant from, Instant to, X509Certificate... revoked) {
    try {
      X509v2CRLBuilder builder = new X509v2CRLBuilder(new X500Name(name()), Date.from(from));
      builder.setNextUpdate(Date.from(to));
      for (X509Certificate one : revoked) {
        builder.addCRLEntry(one.getSerialNumber(), Date.from(from), 0);
      }
      return new JcaX509CRLConverter().getCRL(builder.build(signer(keys)));
    } catch (GeneralSecurityException | OperatorCreationException e) {
      throw new AssertionError(e);
    }
  }

  /** As a document carries them. */
  public static List<ByteString> der(List<X509Certificate> certificates) {
    List<ByteString> der = new ArrayList<>();
    try {
      for (X509Certificate certificate : certificates) {
        der.add(ByteString.copyFrom(certificate.getEncoded()));
      }
    } catch (CertificateEncodingException e) {
      throw new AssertionError(e);
    }
    return der;
  }

  /** As a document carries them. */
  public static List<ByteString> der(X509CRL... lists) {
    List<ByteString> der = new ArrayList<>();
    try {
      for (X509CRL list : lists) {
        der.add(ByteString.copyFrom(list.getEncoded()));
      }
    } catch (CRLException e) {
      throw new AssertionError(e);
    }
    return der;
  }

  public static KeyPair ec(String curve) {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(new ECGenParameterSpec(curve));
      return generator.generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw new AssertionError(e);
    }
  }

  /** Found by native code, which needs a tenth of the time; a key of the JDK all the same. */
  public static KeyPair rsa() {
    return rsa(2048);
  }

  public static KeyPair rsa(int bits) {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA", Conscrypt.newProvider());
      generator.initialize(bits);
      KeyPair found = generator.generateKeyPair();
      KeyFactory factory = KeyFactory.getInstance("RSA");
      return new KeyPair(
          factory.generatePublic(new X509EncodedKeySpec(found.getPublic().getEncoded())),
          factory.generatePrivate(new PKCS8EncodedKeySpec(found.getPrivate().getEncoded())));
    } catch (GeneralSecurityException e) {
      throw new AssertionError(e);
    }
  }

  private String name() {
    return certificate.getSubjectX500Principal().getName();
  }

  private static X509Certificate sign(
      String subject,
      KeyPair its,
      String issuer,
      KeyPair by,
      boolean issues,
      Instant from,
      Instant to,
      List<Extra> extras) {
    try {
      var builder =
          new JcaX509v3CertificateBuilder(
              new X500Name(issuer),
              nextSerial(),
              Date.from(from),
              Date.from(to),
              new X500Name(subject),
              its.getPublic());
      builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(issues));
      if (issues) {
        builder.addExtension(
            Extension.keyUsage, true, new KeyUsage(KeyUsage.keyCertSign | KeyUsage.cRLSign));
      }
      for (Extra extra : extras) {
        builder.addExtension(
            new org.bouncycastle.asn1.ASN1ObjectIdentifier(extra.oid()), false, extra.value());
      }
      return new JcaX509CertificateConverter().getCertificate(builder.build(signer(by)));
    } catch (GeneralSecurityException | OperatorCreationException | java.io.IOException e) {
      throw new AssertionError(e);
    }
  }

  private static synchronized BigInteger nextSerial() {
    return BigInteger.valueOf(serial++);
  }

  private static ContentSigner signer(KeyPair keys) throws OperatorCreationException {
    String algorithm =
        keys.getPublic().getAlgorithm().equals("EC") ? "SHA384withECDSA" : "SHA384withRSAandMGF1";
    // Bouncy Castle's own: the JDK knows RSASSA-PSS under another name.
    return new JcaContentSignerBuilder(algorithm)
        .setProvider(new BouncyCastleProvider())
        .build(keys.getPrivate());
  }
}
