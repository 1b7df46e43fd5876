package io.parley.broker.evidence.tpm2;

import static java.nio.charset.StandardCharsets.US_ASCII;

import com.google.protobuf.ByteString;
import io.parley.broker.evidence.NotGenuineException;
import io.parley.wire.BugException;
import io.parley.wire.Digest;
import io.parley.wire.Reason;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.MGF1ParameterSpec;
import java.util.Arrays;
import javax.crypto.Cipher;
import javax.crypto.KeyAgreement;
import javax.crypto.Mac;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.OAEPParameterSpec;
import javax.crypto.spec.PSource;
import javax.crypto.spec.SecretKeySpec;

/**
 * What TPM2_MakeCredential does, for endorsement keys of the default templates: RSA, or ECC on
 * P-256; SHA-256 and AES-128 (TPM 2.0 Library, Part 1, sections 11.4.10 and 24; annexes B.10, C.6).
 */
final class CredentialProtection {
  private static final String IDENTITY = "IDENTITY";
  private static final int SEED_BYTES = 32;
  private static final int AES_KEY_BYTES = 16;
  private static final int AES_BLOCK_BYTES = 16;
  private static final int P256_BYTES = 32;
  private static final int P256_BITS = 256;

  private CredentialProtection() {}

  /** Both parts, each with its size before it, as TPM2_ActivateCredential takes them. */
  record Credential(ByteString blob, ByteString encryptedSecret) {}

  static Credential protect(
      PublicKey endorsement, ByteString name, byte[] secret, SecureRandom random)
      throws NotGenuineException {
    try {
      return switch (endorsement) {
        case RSAPublicKey rsa -> {
          byte[] seed = new byte[SEED_BYTES];
          random.nextBytes(seed);
          yield new Credential(blob(seed, name, secret), sized(oaep(rsa, seed, random)));
        }
        case ECPublicKey ec when ec.getParams().getCurve().getField().getFieldSize() == P256_BITS ->
            ecc(ec, name, secret, random);
        default ->
            throw new NotGenuineException(
                Reason.EVIDENCE_CHAIN_WRONG,
                "EK.key",
                "no credential can be made for a key of this type",
                "RSA or P-256",
                endorsement.getAlgorithm());
      };
    } catch (GeneralSecurityException e) {
      throw new BugException("credential protection failed", e);
    }
  }

  /** TPMS_ID_OBJECT: an HMAC, and the secret encrypted, both under keys from the seed. */
  static ByteString blob(byte[] seed, ByteString name, byte[] secret)
      throws GeneralSecurityException {
    byte[] key =
        Arrays.copyOf(kdfa(seed, "STORAGE", name.toByteArray(), AES_KEY_BYTES), AES_KEY_BYTES);
    Cipher cipher = Cipher.getInstance("AES/CFB/NoPadding");
    cipher.init(
        Cipher.ENCRYPT_MODE,
        new SecretKeySpec(key, "AES"),
        new IvParameterSpec(new byte[AES_BLOCK_BYTES]));
    ByteString identity =
        ByteString.copyFrom(cipher.doFinal(sized(ByteString.copyFrom(secret)).toByteArray()));
    byte[] integrity =
        hmac(
            kdfa(seed, "INTEGRITY", new byte[0], Digest.SIZE_BYTES),
            identity.concat(name).toByteArray());
    return sized(sized(ByteString.copyFrom(integrity)).concat(identity));
  }

  private static ByteString oaep(RSAPublicKey key, byte[] seed, SecureRandom random)
      throws GeneralSecurityException {
    Cipher cipher = Cipher.getInstance("RSA/ECB/OAEPPadding");
    cipher.init(
        Cipher.ENCRYPT_MODE,
        key,
        new OAEPParameterSpec(
            "SHA-256",
            "MGF1",
            MGF1ParameterSpec.SHA256,
            new PSource.PSpecified(terminated(IDENTITY))),
        random);
    return ByteString.copyFrom(cipher.doFinal(seed));
  }

  private static Credential ecc(
      ECPublicKey endorsement, ByteString name, byte[] secret, SecureRandom random)
      throws GeneralSecurityException {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
    generator.initialize(endorsement.getParams(), random);
    KeyPair ephemeral = generator.generateKeyPair();
    KeyAgreement agreement = KeyAgreement.getInstance("ECDH");
    agreement.init(ephemeral.getPrivate());
    agreement.doPhase(endorsement, true);
    ECPublicKey point = (ECPublicKey) ephemeral.getPublic();
    byte[] x = fixed(point.getW().getAffineX());
    byte[] seed = kdfe(agreement.generateSecret(), x, fixed(endorsement.getW().getAffineX()));
    ByteString encrypted =
        sized(ByteString.copyFrom(x))
            .concat(sized(ByteString.copyFrom(fixed(point.getW().getAffineY()))));
    return new Credential(blob(seed, name, secret), sized(encrypted));
  }

  /** SP 800-108 in counter mode; at most one block is ever needed. */
  static byte[] kdfa(byte[] key, String label, byte[] context, int bytes)
      throws GeneralSecurityException {
    byte[] text = terminated(label);
    return hmac(
        key,
        ByteBuffer.allocate(Integer.BYTES + text.length + context.length + Integer.BYTES)
            .putInt(1)
            .put(text)
            .put(context)
            .putInt(bytes * Byte.SIZE)
            .array());
  }

  /** SP 800-56A, one block. */
  static byte[] kdfe(byte[] z, byte[] partyU, byte[] partyV) {
    byte[] label = terminated(IDENTITY);
    return Digest.of(
            ByteBuffer.allocate(
                    Integer.BYTES + z.length + label.length + partyU.length + partyV.length)
                .putInt(1)
                .put(z)
                .put(label)
                .put(partyU)
                .put(partyV)
                .array())
        .value()
        .toByteArray();
  }

  private static byte[] hmac(byte[] key, byte[] text) throws GeneralSecurityException {
    Mac mac = Mac.getInstance("HmacSHA256");
    mac.init(new SecretKeySpec(key, "HmacSHA256"));
    return mac.doFinal(text);
  }

  static byte[] fixed(BigInteger coordinate) {
    byte[] bytes = coordinate.toByteArray();
    byte[] fixed = new byte[P256_BYTES];
    int size = Math.min(bytes.length, P256_BYTES);
    System.arraycopy(bytes, bytes.length - size, fixed, P256_BYTES - size, size);
    return fixed;
  }

  static byte[] terminated(String label) {
    return Arrays.copyOf(label.getBytes(US_ASCII), label.length() + 1);
  }

  private static ByteString sized(ByteString bytes) {
    return ByteString.copyFrom(
            new byte[] {(byte) (bytes.size() >>> Byte.SIZE), (byte) bytes.size()})
        .concat(bytes);
  }
}
