package io.parley.broker.evidence.tpm2;

import com.google.protobuf.ByteString;
import io.parley.broker.evidence.FakeAuthority;
import io.parley.broker.evidence.FakeAuthority.Extra;
import io.parley.broker.evidence.NotGenuineException;
import io.parley.evidence.LaunchStatement;
import io.parley.evidence.MeasuredEvent;
import io.parley.evidence.TpmDocument;
import io.parley.wire.Digest;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.PublicKey;
import java.security.Signature;
import java.security.cert.X509CRL;
import java.security.cert.X509Certificate;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.ECPoint;
import java.security.spec.ECPublicKeySpec;
import java.security.spec.MGF1ParameterSpec;
import java.security.spec.PSSParameterSpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import javax.crypto.Cipher;
import javax.crypto.KeyAgreement;
import javax.crypto.Mac;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.OAEPParameterSpec;
import javax.crypto.spec.PSource;
import javax.crypto.spec.SecretKeySpec;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x500.X500NameBuilder;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.jspecify.annotations.Nullable;

/** A made-up TPM: endorsement key with a vendor's certificate, attestation key, quotes. */
public final class FakeTpm {
  private static final int RIGHT_ATTRIBUTES = 0x00050072;

  public final FakeAuthority root = FakeAuthority.root("CN=TPMs", FakeAuthority.rsa());
  public final FakeAuthority issuer =
      root.issuer("CN=TPMs of a year", FakeAuthority.ec("secp384r1"));
  public final FakeAuthority endorsement;
  public final KeyPair attestation;
  public final int attributes;

  private FakeTpm(KeyPair endorsement, KeyPair attestation, int attributes, Extra... about) {
    this.attestation = attestation;
    this.attributes = attributes;
    List<Extra> extras = new ArrayList<>(List.of(usage()));
    extras.addAll(List.of(about));
    this.endorsement = issuer.leaf("CN=EK", endorsement, extras);
  }

  public static FakeTpm rsa() {
    return new FakeTpm(
        FakeAuthority.rsa(), FakeAuthority.rsa(), RIGHT_ATTRIBUTES, model("id:41434D45", "SLB1"));
  }

  public static FakeTpm ecc() {
    return of(model("id:41434D45", "SLB1"));
  }

  /** With an endorsement key of this type, whatever a TPM's may be. */
  public static FakeTpm endorsedBy(KeyPair endorsement) {
    return new FakeTpm(
        endorsement, FakeAuthority.ec("secp256r1"), RIGHT_ATTRIBUTES, model("id:41434D45", "SLB1"));
  }

  /** As swtpm's own authority certifies one. */
  public static FakeTpm swtpm() {
    return of(model("id:00001014", "swtpm"));
  }

  /** With these extensions in its certificate, beside the usage. */
  public static FakeTpm of(Extra... about) {
    return new FakeTpm(
        FakeAuthority.ec("secp256r1"), FakeAuthority.ec("secp256r1"), RIGHT_ATTRIBUTES, about);
  }

  /** Who made it and what it is, each as a part of a name of its own. */
  public static Extra model(String manufacturer, String model) {
    X500NameBuilder name = new X500NameBuilder();
    name.addRDN(new ASN1ObjectIdentifier("2.23.133.2.1"), manufacturer);
    name.addRDN(new ASN1ObjectIdentifier("2.23.133.2.2"), model);
    name.addRDN(new ASN1ObjectIdentifier("2.23.133.2.3"), "id:00010002");
    return alternativeName(name.build());
  }

  /** A name that the certificate is about. */
  public static Extra alternativeName(X500Name name) {
    try {
      return new Extra(
          "2.5.29.17",
          new GeneralNames(new GeneralName(GeneralName.directoryName, name)).getEncoded());
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  /** A key that the TPM would use for anything, or let go. */
  public static FakeTpm withAttributes(int attributes) {
    return new FakeTpm(
        FakeAuthority.ec("secp256r1"),
        FakeAuthority.ec("secp256r1"),
        attributes,
        model("id:41434D45", "SLB1"));
  }

  public List<X509Certificate> chain() {
    return List.of(endorsement.certificate(), issuer.certificate(), root.certificate());
  }

  /** What the vendor publishes: nothing is revoked. */
  public List<X509CRL> lists() {
    return List.of(
        root.revoking(FakeAuthority.FROM, FakeAuthority.TO),
        issuer.revoking(FakeAuthority.FROM, FakeAuthority.TO));
  }

  public Map<Digest, String> roots() {
    return Map.of(root.fingerprint(), "a-vendor");
  }

  /** TPM2B_PUBLIC. */
  public ByteString sizedArea() {
    ByteString area = area();
    return bytes(out -> {
      out.writeShort(area.size());
      out.write(area.toByteArray());
    });
  }

  /** TPMT_PUBLIC. */
  public ByteString area() {
    return bytes(out -> {
      boolean rsa = attestation.getPublic() instanceof RSAPublicKey;
      out.writeShort(rsa ? Tpm.ALG_RSA : Tpm.ALG_ECC);
      out.writeShort(Tpm.ALG_SHA256);
      out.writeInt(attributes);
      out.writeShort(0);
      out.writeShort(Tpm.ALG_NULL);
      out.writeShort(rsa ? Tpm.ALG_RSASSA : Tpm.ALG_ECDSA);
      out.writeShort(Tpm.ALG_SHA256);
      if (attestation.getPublic() instanceof RSAPublicKey key) {
        byte[] modulus = key.getModulus().toByteArray();
        out.writeShort(2048);
        out.writeInt(0);
        out.writeShort(256);
        out.write(modulus, modulus.length - 256, 256);
      } else if (attestation.getPublic() instanceof ECPublicKey key) {
        out.writeShort(Tpm.ECC_NIST_P256);
        out.writeShort(Tpm.ALG_NULL);
        out.writeShort(32);
        out.write(CredentialProtection.fixed(key.getW().getAffineX(), 32));
        out.writeShort(32);
        out.write(CredentialProtection.fixed(key.getW().getAffineY(), 32));
      }
    });
  }

  public TpmKey key() {
    return TpmKey.parse(area());
  }

  /**
   * Evidence's document of an enclave that was measured as it should be, on a machine whose PCR 7
   * is {@link #pcrs}' second.
   */
  public TpmDocument document(
      LaunchStatement statement, @Nullable Digest app, TpmDocument.Credential credential) {
    return document(
        statement,
        credential,
        List.of(
            MeasuredEvent.ofShim(statement.shim(), statement.isolation()),
            MeasuredEvent.ofApp(app)));
  }

  /** The same with other events, which are replayed. */
  public TpmDocument document(
      LaunchStatement statement, TpmDocument.Credential credential, List<MeasuredEvent> events) {
    TreeMap<Integer, ByteString> quoted = new TreeMap<>(MeasuredEvent.replay(events));
    quoted.put(7, pcrs().get(1));
    ByteString quote = attest(statement.quoteData().toByteArray(), quoted);
    return new TpmDocument(statement, sizedArea(), quote, sign(quote), quoted, events, credential);
  }

  public static List<ByteString> pcrs() {
    List<ByteString> pcrs = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      byte[] pcr = new byte[32];
      Arrays.fill(pcr, (byte) (i + 1));
      pcrs.add(ByteString.copyFrom(pcr));
    }
    return pcrs;
  }

  /** TPMS_ATTEST over PCRs 0, 7 and 11. */
  public static ByteString attest(byte[] extraData) {
    TreeMap<Integer, ByteString> pcrs = new TreeMap<>();
    List<ByteString> values = pcrs();
    pcrs.put(0, values.get(0));
    pcrs.put(7, values.get(1));
    pcrs.put(11, values.get(2));
    return attest(extraData, pcrs);
  }

  /** TPMS_ATTEST over these PCRs. */
  public static ByteString attest(byte[] extraData, SortedMap<Integer, ByteString> pcrs) {
    return bytes(out -> {
      out.writeInt(0xff544347);
      out.writeShort(0x8018);
      out.writeShort(34);
      out.write(new byte[34]);
      out.writeShort(extraData.length);
      out.write(extraData);
      out.writeLong(1000);
      out.writeInt(2);
      out.writeInt(3);
      out.writeByte(1);
      out.writeLong(4);
      out.writeInt(1);
      out.writeShort(Tpm.ALG_SHA256);
      byte[] selection = new byte[3];
      pcrs.keySet().forEach(pcr -> selection[pcr / 8] |= (byte) (1 << pcr % 8));
      out.writeByte(selection.length);
      out.write(selection);
      out.writeShort(32);
      ByteString values = ByteString.EMPTY;
      for (ByteString pcr : pcrs.values()) {
        values = values.concat(pcr);
      }
      out.write(Digest.of(values).value().toByteArray());
    });
  }

  /** TPMT_SIGNATURE. */
  public ByteString sign(ByteString attest) {
    boolean rsa = attestation.getPublic() instanceof RSAPublicKey;
    byte[] signature = signed(attest, rsa ? "SHA256withRSA" : "SHA256withECDSAinP1363Format");
    return bytes(out -> {
      out.writeShort(rsa ? Tpm.ALG_RSASSA : Tpm.ALG_ECDSA);
      out.writeShort(Tpm.ALG_SHA256);
      if (rsa) {
        out.writeShort(signature.length);
        out.write(signature);
      } else {
        out.writeShort(32);
        out.write(signature, 0, 32);
        out.writeShort(32);
        out.write(signature, 32, 32);
      }
    });
  }

  /** TPMT_SIGNATURE of the other scheme that an RSA key may have. */
  public ByteString signPss(ByteString attest) {
    try {
      Signature signer = Signature.getInstance("RSASSA-PSS");
      signer.setParameter(new PSSParameterSpec("SHA-256", "MGF1", MGF1ParameterSpec.SHA256, 32, 1));
      signer.initSign(attestation.getPrivate());
      signer.update(attest.toByteArray());
      byte[] signature = signer.sign();
      return bytes(out -> {
        out.writeShort(Tpm.ALG_RSAPSS);
        out.writeShort(Tpm.ALG_SHA256);
        out.writeShort(signature.length);
        out.write(signature);
      });
    } catch (GeneralSecurityException e) {
      throw new AssertionError(e);
    }
  }

  /** TPM2_ActivateCredential for the attestation key; empty when the TPM refuses. */
  public ByteString activate(ByteString credentialBlob, ByteString encryptedSecret) {
    try {
      EkStrength strength = EkStrength.of(endorsement.keys().getPublic());
      byte[] seed = seed(strength, unsized(encryptedSecret));
      ByteString object = unsized(credentialBlob);
      ByteString integrity = object.substring(2, 2 + strength.hashBytes);
      ByteString identity = object.substring(2 + strength.hashBytes);
      byte[] name = java.util.Objects.requireNonNull(key().name()).toByteArray();
      Mac mac = Mac.getInstance(strength.mac);
      mac.init(
          new SecretKeySpec(
              CredentialProtection.kdfa(
                  strength, seed, "INTEGRITY", new byte[0], strength.hashBytes),
              strength.mac));
      mac.update(identity.toByteArray());
      if (!ByteString.copyFrom(mac.doFinal(name)).equals(integrity)) {
        return ByteString.EMPTY;
      }
      byte[] key = CredentialProtection.kdfa(strength, seed, "STORAGE", name, strength.aesKeyBytes);
      Cipher cipher = Cipher.getInstance("AES/CFB/NoPadding");
      cipher.init(
          Cipher.DECRYPT_MODE, new SecretKeySpec(key, "AES"), new IvParameterSpec(new byte[16]));
      return unsized(ByteString.copyFrom(cipher.doFinal(identity.toByteArray())));
    } catch (GeneralSecurityException e) {
      return ByteString.EMPTY;
    } catch (NotGenuineException e) {
      throw new AssertionError(e);
    }
  }

  private byte[] seed(EkStrength strength, ByteString secret) throws GeneralSecurityException {
    if (endorsement.keys().getPublic() instanceof ECPublicKey own) {
      int bytes = strength.coordinateBytes();
      BigInteger x = new BigInteger(1, secret.substring(2, 2 + bytes).toByteArray());
      BigInteger y = new BigInteger(1, secret.substring(2 + bytes + 2).toByteArray());
      PublicKey point =
          KeyFactory.getInstance("EC")
              .generatePublic(new ECPublicKeySpec(new ECPoint(x, y), own.getParams()));
      KeyAgreement agreement = KeyAgreement.getInstance("ECDH");
      agreement.init(endorsement.keys().getPrivate());
      agreement.doPhase(point, true);
      return CredentialProtection.kdfe(
          strength,
          agreement.generateSecret(),
          CredentialProtection.fixed(x, bytes),
          CredentialProtection.fixed(own.getW().getAffineX(), bytes));
    }
    Cipher cipher = Cipher.getInstance("RSA/ECB/OAEPPadding");
    cipher.init(
        Cipher.DECRYPT_MODE,
        endorsement.keys().getPrivate(),
        new OAEPParameterSpec(
            strength.hash,
            "MGF1",
            strength.maskGeneration,
            new PSource.PSpecified(CredentialProtection.terminated("IDENTITY"))));
    return cipher.doFinal(secret.toByteArray());
  }

  private static ByteString unsized(ByteString bytes) {
    int size = ByteBuffer.wrap(bytes.toByteArray()).getShort();
    if (size != bytes.size() - 2) {
      throw new AssertionError("%d bytes, which say %d".formatted(bytes.size(), size));
    }
    return bytes.substring(2);
  }

  @SuppressWarnings("InsecureCryptoUsage") // One of two constants, for a key that is made up.
  private byte[] signed(ByteString attest, String algorithm) {
    try {
      Signature signature = Signature.getInstance(algorithm);
      signature.initSign(attestation.getPrivate());
      signature.update(attest.toByteArray());
      return signature.sign();
    } catch (GeneralSecurityException e) {
      throw new AssertionError(e);
    }
  }

  private static Extra usage() {
    try {
      return new Extra(
          "2.5.29.37",
          new ExtendedKeyUsage(KeyPurposeId.getInstance(new ASN1ObjectIdentifier("2.23.133.8.1")))
              .getEncoded());
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private interface Writing {
    void to(DataOutputStream out) throws IOException;
  }

  private static ByteString bytes(Writing writing) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try {
      writing.to(new DataOutputStream(bytes));
    } catch (IOException e) {
      throw new AssertionError(e);
    }
    return ByteString.copyFrom(bytes.toByteArray());
  }
}
