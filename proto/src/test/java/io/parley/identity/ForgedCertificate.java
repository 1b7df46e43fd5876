package io.parley.identity;

import java.math.BigInteger;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import javax.security.auth.x500.X500Principal;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.DERUTF8String;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/** Certificates that our own CA would never issue. */
final class ForgedCertificate {
  private final KeyPair issuer;
  private final X500Principal issuerName;
  private final KeyPair holder;
  private X500Principal subject = new X500Principal("CN=forged");
  private Instant from;
  private Instant until;
  private int basicConstraints = -1;
  private int keyUsage = KeyUsage.digitalSignature;
  private List<KeyPurposeId> purposes =
      List.of(KeyPurposeId.id_kp_clientAuth, KeyPurposeId.id_kp_serverAuth);
  private final List<GeneralName> names = new ArrayList<>();
  private boolean strangeCritical;

  private ForgedCertificate(KeyPair issuer, X500Principal issuerName, KeyPair holder, Instant now) {
    this.issuer = issuer;
    this.issuerName = issuerName;
    this.holder = holder;
    this.from = now.minus(Duration.ofDays(1));
    this.until = now.plus(Duration.ofDays(1));
  }

  static KeyPair pair(String curve) throws Exception {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
    generator.initialize(new ECGenParameterSpec(curve));
    return generator.generateKeyPair();
  }

  /** A leaf under this CA's name, signed by any key. */
  static ForgedCertificate leaf(CaCertificate ca, KeyPair signer, Instant now) throws Exception {
    return new ForgedCertificate(
        signer, ca.x509().getSubjectX500Principal(), pair("secp256r1"), now);
  }

  static ForgedCertificate selfSigned(KeyPair own, Instant now) {
    ForgedCertificate certificate =
        new ForgedCertificate(own, new X500Principal("CN=forged"), own, now);
    certificate.basicConstraints = 0;
    certificate.keyUsage = KeyUsage.keyCertSign;
    certificate.purposes = List.of();
    return certificate;
  }

  ForgedCertificate holder(KeyPair other) {
    ForgedCertificate copy = new ForgedCertificate(issuer, issuerName, other, from);
    copy.from = from;
    copy.until = until;
    copy.names.addAll(names);
    return copy;
  }

  ForgedCertificate uri(String uri) {
    names.add(new GeneralName(GeneralName.uniformResourceIdentifier, uri));
    return this;
  }

  ForgedCertificate name(int kind, String name) {
    names.add(new GeneralName(kind, name));
    return this;
  }

  ForgedCertificate ca(int pathLength) {
    basicConstraints = pathLength;
    return this;
  }

  ForgedCertificate subject(String name) {
    subject = new X500Principal(name);
    return this;
  }

  ForgedCertificate keyUsage(int usage) {
    keyUsage = usage;
    return this;
  }

  ForgedCertificate purposes(KeyPurposeId... only) {
    purposes = List.of(only);
    return this;
  }

  ForgedCertificate strangeCritical() {
    strangeCritical = true;
    return this;
  }

  X509Certificate build() throws Exception {
    JcaX509v3CertificateBuilder builder =
        new JcaX509v3CertificateBuilder(
            issuerName,
            BigInteger.TEN,
            Date.from(from),
            Date.from(until),
            subject,
            holder.getPublic());
    if (basicConstraints >= 0) {
      builder.addExtension(
          Extension.basicConstraints, true, new BasicConstraints(basicConstraints));
    }
    if (keyUsage != 0) {
      builder.addExtension(Extension.keyUsage, true, new KeyUsage(keyUsage));
    }
    if (!purposes.isEmpty()) {
      builder.addExtension(
          Extension.extendedKeyUsage,
          true,
          new ExtendedKeyUsage(purposes.toArray(KeyPurposeId[]::new)));
    }
    if (!names.isEmpty()) {
      builder.addExtension(
          Extension.subjectAlternativeName,
          true,
          new GeneralNames(names.toArray(GeneralName[]::new)));
    }
    if (strangeCritical) {
      builder.addExtension(
          new ASN1ObjectIdentifier("1.2.3.4.5"), true, new DERUTF8String("strange"));
    }
    PrivateKey key = issuer.getPrivate();
    return new JcaX509CertificateConverter()
        .getCertificate(builder.build(new JcaContentSignerBuilder("SHA256withECDSA").build(key)));
  }
}
