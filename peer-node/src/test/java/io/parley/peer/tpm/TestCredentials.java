package io.parley.peer.tpm;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.parley.peer.platform.Credentials;
import io.parley.wire.Digest;
import java.io.ByteArrayInputStream;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.MessageDigest;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.interfaces.ECPublicKey;
import java.security.spec.ECPoint;
import java.security.spec.MGF1ParameterSpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import javax.crypto.Cipher;
import javax.crypto.KeyAgreement;
import javax.crypto.Mac;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.OAEPParameterSpec;
import javax.crypto.spec.PSource;
import javax.crypto.spec.SecretKeySpec;

/**
 * A broker's part in the activation of a credential, for endorsement keys of RSA 2048 and P-384
 * (TPM 2.0 Library, Part 1, section 24).
 */
final class TestCredentials implements Credentials {
  private final SecureRandom random = new SecureRandom();
  final byte[] secret = new byte[32];
  List<X509Certificate> chain = List.of();
  List<ByteString> collateral = List.of();

  @Override
  public Credential create(Wish wish) {
    try {
      List<X509Certificate> certificates = new ArrayList<>();
      for (ByteString der : wish.ekCertificates()) {
        certificates.add(
            (X509Certificate)
                CertificateFactory.getInstance("X.509")
                    .generateCertificate(new ByteArrayInputStream(der.toByteArray())));
      }
      chain = certificates;
      collateral = wish.collateral();
      ByteString area = wish.akPublic().substring(2);
      ByteString name = ByteString.fromHex("000b").concat(Digest.of(area).value());
      random.nextBytes(secret);
      PublicKey endorsement = certificates.getFirst().getPublicKey();
      if (endorsement instanceof ECPublicKey ec) {
        return ecc(ec, name);
      }
      byte[] seed = new byte[32];
      random.nextBytes(seed);
      return new Credential(
          ByteString.copyFrom(new byte[32]),
          blob("HmacSHA256", seed, 16, name),
          sized(oaep(endorsement, seed)));
    } catch (GeneralSecurityException e) {
      throw new AssertionError(e);
    }
  }

  private Credential ecc(ECPublicKey endorsement, ByteString name) throws GeneralSecurityException {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
    generator.initialize(endorsement.getParams());
    KeyPair own = generator.generateKeyPair();
    KeyAgreement agreement = KeyAgreement.getInstance("ECDH");
    agreement.init(own.getPrivate());
    agreement.doPhase(endorsement, true);
    ECPoint point = ((ECPublicKey) own.getPublic()).getW();
    MessageDigest hash = MessageDigest.getInstance("SHA-384");
    hash.update(new byte[] {0, 0, 0, 1});
    hash.update(agreement.generateSecret());
    hash.update("IDENTITY\0".getBytes(US_ASCII));
    hash.update(p384(point.getAffineX()));
    hash.update(p384(endorsement.getW().getAffineX()));
    return new Credential(
        ByteString.copyFrom(new byte[32]),
        blob("HmacSHA384", hash.digest(), 32, name),
        sized(
            sized(ByteString.copyFrom(p384(point.getAffineX())))
                .concat(sized(ByteString.copyFrom(p384(point.getAffineY()))))));
  }

  private static byte[] p384(BigInteger coordinate) {
    byte[] hex = HexFormat.of().parseHex("%096x".formatted(coordinate));
    assertThat(hex).hasSize(48);
    return hex;
  }

  private ByteString blob(String mac, byte[] seed, int keyBytes, ByteString name)
      throws GeneralSecurityException {
    byte[] key =
        Arrays.copyOf(
            kdf(mac, seed, "STORAGE", name.toByteArray(), keyBytes * Byte.SIZE), keyBytes);
    Cipher cipher = Cipher.getInstance("AES/CFB/NoPadding");
    cipher.init(
        Cipher.ENCRYPT_MODE, new SecretKeySpec(key, "AES"), new IvParameterSpec(new byte[16]));
    ByteString identity =
        ByteString.copyFrom(cipher.doFinal(sized(ByteString.copyFrom(secret)).toByteArray()));
    byte[] integrity =
        hmac(
            mac,
            kdf(mac, seed, "INTEGRITY", new byte[0], seed.length * Byte.SIZE),
            identity.concat(name).toByteArray());
    return sized(sized(ByteString.copyFrom(integrity)).concat(identity));
  }

  private ByteString oaep(PublicKey key, byte[] seed) throws GeneralSecurityException {
    Cipher cipher = Cipher.getInstance("RSA/ECB/OAEPPadding");
    cipher.init(
        Cipher.ENCRYPT_MODE,
        key,
        new OAEPParameterSpec(
            "SHA-256",
            "MGF1",
            MGF1ParameterSpec.SHA256,
            new PSource.PSpecified("IDENTITY\0".getBytes(US_ASCII))),
        random);
    return ByteString.copyFrom(cipher.doFinal(seed));
  }

  private static byte[] kdf(String mac, byte[] key, String label, byte[] context, int bits)
      throws GeneralSecurityException {
    byte[] text = (label + "\0").getBytes(US_ASCII);
    return hmac(
        mac,
        key,
        ByteBuffer.allocate(8 + text.length + context.length)
            .putInt(1)
            .put(text)
            .put(context)
            .putInt(bits)
            .array());
  }

  @SuppressWarnings("InsecureCryptoUsage") // One of two constants.
  private static byte[] hmac(String algorithm, byte[] key, byte[] text)
      throws GeneralSecurityException {
    Mac mac = Mac.getInstance(algorithm);
    mac.init(new SecretKeySpec(key, algorithm));
    return mac.doFinal(text);
  }

  private static ByteString sized(ByteString bytes) {
    return ByteString.copyFrom(new byte[] {(byte) (bytes.size() >>> 8), (byte) bytes.size()})
        .concat(bytes);
  }
}
