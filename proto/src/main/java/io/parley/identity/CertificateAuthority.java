package io.parley.identity;

import io.parley.wire.BugException;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.math.BigInteger;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import java.util.Map;
import javax.security.auth.x500.X500Principal;
import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.CertIOException;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509ExtensionUtils;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/**
 * A party's or the broker's own CA: issues leaves for its own names, on P-256 with ECDSA and
 * SHA-256. Thread-safe. Never prints its key.
 */
public final class CertificateAuthority {
  /** How long a CA is good. */
  public static final Duration CA_VALIDITY = Duration.ofDays(3652);

  /** How long a leaf is good unless said otherwise. */
  public static final Duration LEAF_VALIDITY = Duration.ofDays(365);

  // Clocks of two parties differ; a certificate should be good at once everywhere.
  private static final Duration BACKDATED = Duration.ofMinutes(10);
  private static final int SERIAL_BITS = 127;

  private final CaCertificate certificate;
  private final PrivateKey key;
  private final InstantSource clock;
  private final SecureRandom random;

  private CertificateAuthority(
      CaCertificate certificate, PrivateKey key, InstantSource clock, SecureRandom random) {
    this.certificate = certificate;
    this.key = key;
    this.clock = clock;
    this.random = random;
  }

  /** A fresh one, for this party or broker. */
  public static CertificateAuthority create(
      String owner, InstantSource clock, SecureRandom random) {
    KeyPair pair = newPair(random);
    X500Principal subject = new X500Principal("CN=%s CA, O=%s".formatted(owner, owner));
    Instant now = clock.instant();
    List<Field> fields =
        List.of(
            new Field(Extension.basicConstraints, true, new BasicConstraints(0)),
            new Field(Extension.keyUsage, true, new KeyUsage(KeyUsage.keyCertSign)));
    X509Certificate root =
        sign(
            subject,
            subject,
            pair.getPublic(),
            new Validity(now.minus(BACKDATED), now.plus(CA_VALIDITY)),
            fields,
            pair.getPrivate(),
            random);
    return new CertificateAuthority(new CaCertificate(root), pair.getPrivate(), clock, random);
  }

  /** From files, as {@link #write} made them. */
  static CertificateAuthority load(
      Path certificateFile, Path keyFile, InstantSource clock, SecureRandom random) {
    CaCertificate certificate = loadCertificate(certificateFile);
    PrivateKey key = KeyFiles.loadEc(keyFile);
    TlsIdentity.requirePair(certificate.x509(), key, certificateFile.toString());
    return new CertificateAuthority(certificate, key, clock, random);
  }

  static CaCertificate loadCertificate(Path file) {
    List<X509Certificate> certificates = TlsIdentity.certificates(file);
    if (certificates.size() != 1) {
      throw new RefusedException(
          Reason.INVALID_CONFIG,
          "%s holds %d certificates; expected one CA".formatted(file, certificates.size()),
          Map.of("file", file.toString()));
    }
    return new CaCertificate(certificates.getFirst());
  }

  void write(Path certificateFile, Path keyFile) {
    KeyFiles.create(keyFile, key);
    PrivateFiles.createPublic(
        certificateFile, Pem.encode(Pem.CERTIFICATE, certificate.der().toByteArray()));
  }

  public CaCertificate certificate() {
    return certificate;
  }

  /**
   * A fresh key with a certificate for this holder, never good for longer than the CA.
   *
   * @throws RefusedException INVALID_REQUEST when {@code validity} is not positive
   */
  public TlsIdentity issue(Caller holder, Duration validity) {
    return issue(holder, newPair(random), validity);
  }

  /**
   * A certificate for a holder that made its key elsewhere, and the key stays there.
   *
   * @throws RefusedException INVALID_REQUEST when {@code validity} is not positive
   */
  X509Certificate certify(Caller holder, PublicKey holderKey, Duration validity) {
    if (validity.isNegative() || validity.isZero()) {
      throw new RefusedException(
          Reason.INVALID_REQUEST,
          "validity of %s must be more than nothing".formatted(validity),
          Map.of("validity", validity.toString()));
    }
    Instant now = clock.instant();
    Instant caEnd = certificate.x509().getNotAfter().toInstant();
    Instant end = validity.compareTo(CA_VALIDITY) < 0 ? now.plus(validity) : caEnd;
    return sign(
        certificate.x509().getSubjectX500Principal(),
        subject(holder),
        holderKey,
        new Validity(now.minus(BACKDATED), end.isBefore(caEnd) ? end : caEnd),
        leafFields(holder, holderKey),
        key,
        random);
  }

  static X500Principal subject(Caller holder) {
    return new X500Principal(
        "CN=%s, OU=%s, O=%s".formatted(holder.name(), holder.role().text(), holder.party()));
  }

  /**
   * A new certificate over the same key, for the same holder.
   *
   * @throws RefusedException INVALID_REQUEST when {@code validity} is not positive; INVALID_CONFIG
   *     when the old one is of another CA
   */
  public TlsIdentity renew(TlsIdentity old, Duration validity) {
    if (!old.ca().equals(certificate)) {
      throw new RefusedException(
          Reason.INVALID_CONFIG,
          "certificate of %s is of another CA than the one that is to renew it"
              .formatted(old.caller()),
          Map.of("caller", old.caller().toString()));
    }
    return issue(old.caller(), new KeyPair(old.leaf().getPublicKey(), old.key()), validity);
  }

  private TlsIdentity issue(Caller holder, KeyPair pair, Duration validity) {
    return new TlsIdentity(
        certify(holder, pair.getPublic(), validity), certificate, pair.getPrivate());
  }

  private List<Field> leafFields(Caller holder, PublicKey holderKey) {
    JcaX509ExtensionUtils ids = extensionUtils();
    return List.of(
        new Field(Extension.basicConstraints, true, new BasicConstraints(false)),
        new Field(Extension.keyUsage, true, new KeyUsage(KeyUsage.digitalSignature)),
        new Field(Extension.extendedKeyUsage, true, purposes(holder.role())),
        new Field(Extension.subjectAlternativeName, true, alternativeNames(holder)),
        new Field(Extension.subjectKeyIdentifier, false, ids.createSubjectKeyIdentifier(holderKey)),
        new Field(
            Extension.authorityKeyIdentifier,
            false,
            ids.createAuthorityKeyIdentifier(certificate.x509().getPublicKey())));
  }

  private static ExtendedKeyUsage purposes(Role role) {
    return switch (role) {
      case NODE ->
          new ExtendedKeyUsage(
              new KeyPurposeId[] {KeyPurposeId.id_kp_serverAuth, KeyPurposeId.id_kp_clientAuth});
      case BROKER, ENCLAVE -> new ExtendedKeyUsage(KeyPurposeId.id_kp_serverAuth);
      case ANALYST, OPERATOR -> new ExtendedKeyUsage(KeyPurposeId.id_kp_clientAuth);
    };
  }

  // Parley looks at the URI only. The host name is for tools that insist on one, such as grpcurl.
  private static GeneralNames alternativeNames(Caller holder) {
    List<GeneralName> names = new ArrayList<>();
    names.add(new GeneralName(GeneralName.uniformResourceIdentifier, holder.uri()));
    if (holder.role() == Role.NODE || holder.role() == Role.BROKER) {
      names.add(new GeneralName(GeneralName.dNSName, "localhost"));
    }
    return new GeneralNames(names.toArray(GeneralName[]::new));
  }

  private record Field(ASN1ObjectIdentifier oid, boolean critical, ASN1Encodable value) {}

  private record Validity(Instant from, Instant until) {}

  private static X509Certificate sign(
      X500Principal issuer,
      X500Principal subject,
      PublicKey subjectKey,
      Validity validity,
      List<Field> fields,
      PrivateKey issuerKey,
      SecureRandom random) {
    try {
      JcaX509v3CertificateBuilder builder =
          new JcaX509v3CertificateBuilder(
              issuer,
              new BigInteger(SERIAL_BITS, random).add(BigInteger.ONE),
              Date.from(validity.from()),
              Date.from(validity.until()),
              subject,
              subjectKey);
      for (Field field : fields) {
        builder.addExtension(field.oid(), field.critical(), field.value());
      }
      return new JcaX509CertificateConverter()
          .getCertificate(
              builder.build(
                  new JcaContentSignerBuilder("SHA256withECDSA")
                      .setSecureRandom(random)
                      .build(issuerKey)));
    } catch (CertIOException | OperatorCreationException | GeneralSecurityException e) {
      throw new BugException("issuing a certificate failed", e);
    }
  }

  static KeyPair newPair(SecureRandom random) {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(new ECGenParameterSpec("secp256r1"), random);
      return generator.generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw new BugException("every JDK has P-256", e);
    }
  }

  private static JcaX509ExtensionUtils extensionUtils() {
    try {
      return new JcaX509ExtensionUtils();
    } catch (GeneralSecurityException e) {
      throw new BugException("every JDK has SHA-1 for key identifiers", e);
    }
  }

  @Override
  public String toString() {
    return "CertificateAuthority[" + certificate + "]";
  }
}
