package io.parley.peer.tpm;

import static java.nio.charset.StandardCharsets.US_ASCII;

import com.google.protobuf.ByteString;
import io.parley.peer.platform.Credentials;
import io.parley.wire.Digest;
import java.io.ByteArrayInputStream;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.MGF1ParameterSpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import javax.crypto.Cipher;
import javax.crypto.Mac;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.OAEPParameterSpec;
import javax.crypto.spec.PSource;
import javax.crypto.spec.SecretKeySpec;

/**
 * A broker's part in the activation of a credential, for RSA endorsement keys (TPM 2.0 Library,
 * Part 1, section 24).
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
      byte[] seed = new byte[32];
      random.nextBytes(seed);
      return new Credential(
          ByteString.copyFrom(new byte[32]),
          blob(seed, name),
          sized(oaep(certificates.getFirst().getPublicKey(), seed)));
    } catch (GeneralSecurityException e) {
      throw new AssertionError(e);
    }
  }

  private ByteString blob(byte[] seed, ByteString name) throws GeneralSecurityException {
    byte[] key = Arrays.copyOf(kdf(seed, "STORAGE", name.toByteArray(), 128), 16);
    Cipher cipher = Cipher.getInstance("AES/CFB/NoPadding");
    cipher.init(
        Cipher.ENCRYPT_MODE, new SecretKeySpec(key, "AES"), new IvParameterSpec(new byte[16]));
    ByteString identity =
        ByteString.copyFrom(cipher.doFinal(sized(ByteString.copyFrom(secret)).toByteArray()));
    byte[] integrity =
        hmac(kdf(seed, "INTEGRITY", new byte[0], 256), identity.concat(name).toByteArray());
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

  private static byte[] kdf(byte[] key, String label, byte[] context, int bits)
      throws GeneralSecurityException {
    byte[] text = (label + "\0").getBytes(US_ASCII);
    return hmac(
        key,
        ByteBuffer.allocate(8 + text.length + context.length)
            .putInt(1)
            .put(text)
            .put(context)
            .putInt(bits)
            .array());
  }

  private static byte[] hmac(byte[] key, byte[] text) throws GeneralSecurityException {
    Mac mac = Mac.getInstance("HmacSHA256");
    mac.init(new SecretKeySpec(key, "HmacSHA256"));
    return mac.doFinal(text);
  }

  private static ByteString sized(ByteString bytes) {
    return ByteString.copyFrom(new byte[] {(byte) (bytes.size() >>> 8), (byte) bytes.size()})
        .concat(bytes);
  }
}
