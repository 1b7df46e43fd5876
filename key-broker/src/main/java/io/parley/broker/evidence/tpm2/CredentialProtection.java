package io.parley.broker.evidence.tpm2;

import static java.nio.charset.StandardCharsets.US_ASCII;

import com.google.protobuf.ByteString;
import io.parley.broker.evidence.NotGenuineException;
import io.parley.wire.BugException;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.MessageDigest;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.interfaces.ECPublicKey;
import java.util.Arrays;
import javax.crypto.Cipher;
import javax.crypto.KeyAgreement;
import javax.crypto.Mac;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.OAEPParameterSpec;
import javax.crypto.spec.PSource;
import javax.crypto.spec.SecretKeySpec;

/**
 * What TPM2_MakeCredential does, for endorsement keys of the default templates (TPM 2.0 Library,
 * Part 1, sections 11.4.10 and 24; annexes B.10, C.6).
 */
final class CredentialProtection {
  private static final String IDENTITY = "IDENTITY";
  private static final int AES_BLOCK_BYTES = 16;

  private CredentialProtection() {}

  /** Both parts, each with its size before it, as TPM2_ActivateCredential takes them. */
  record Credential(ByteString blob, ByteString encryptedSecret) {}

  static Credential protect(
      PublicKey endorsement, ByteString name, byte[] secret, SecureRandom random)
      throws NotGenuineException {
    EkStrength strength = EkStrength.of(endorsement);
    try {
      if (endorsement instanceof ECPublicKey ec) {
        return ecc(strength, ec, name, secret, random);
      }
      byte[] seed = new byte[strength.hashBytes];
      random.nextBytes(seed);
      return new Credential(
          blob(strength, seed, name, secret), sized(oaep(strength, endorsement, seed, random)));
    } catch (GeneralSecurityException e) {
      throw new BugException("credential protection failed", e);
    }
  }

  /** TPMS_ID_OBJECT: an HMAC, and the secret encrypted, both under keys from the seed. */
  static ByteString blob(EkStrength strength, byte[] seed, ByteString name, byte[] secret)
      throws GeneralSecurityException {
    byte[] key = kdfa(strength, seed, "STORAGE", name.toByteArray(), strength.aesKeyBytes);
    Cipher cipher = Cipher.getInstance("AES/CFB/NoPadding");
    cipher.init(
        Cipher.ENCRYPT_MODE,
        new SecretKeySpec(key, "AES"),
        new IvParameterSpec(new byte[AES_BLOCK_BYTES]));
    ByteString identity =
        ByteString.copyFrom(cipher.doFinal(sized(ByteString.copyFrom(secret)).toByteArray()));
    byte[] integrity =
        hmac(
            strength,
            kdfa(strength, seed, "INTEGRITY", new byte[0], strength.hashBytes),
            identity.concat(name).toByteArray());
    return sized(sized(ByteString.copyFrom(integrity)).concat(identity));
  }

  private static ByteString oaep(
      EkStrength strength, PublicKey key, byte[] seed, SecureRandom random)
      throws GeneralSecurityException {
    Cipher cipher = Cipher.getInstance("RSA/ECB/OAEPPadding");
    cipher.init(
        Cipher.ENCRYPT_MODE,
        key,
        new OAEPParameterSpec(
            strength.hash,
            "MGF1",
            strength.maskGeneration,
            new PSource.PSpecified(terminated(IDENTITY))),
        random);
    return ByteString.copyFrom(cipher.doFinal(seed));
  }

  private static Credential ecc(
      EkStrength strength,
      ECPublicKey endorsement,
      ByteString name,
      byte[] secret,
      SecureRandom random)
      throws GeneralSecurityException {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
    generator.initialize(endorsement.getParams(), random);
    KeyPair ephemeral = generator.generateKeyPair();
    KeyAgreement agreement = KeyAgreement.getInstance("ECDH");
    agreement.init(ephemeral.getPrivate());
    agreement.doPhase(endorsement, true);
    ECPublicKey point = (ECPublicKey) ephemeral.getPublic();
    int bytes = strength.coordinateBytes();
    byte[] x = fixed(point.getW().getAffineX(), bytes);
    byte[] seed =
        kdfe(
            strength, agreement.generateSecret(), x, fixed(endorsement.getW().getAffineX(), bytes));
    ByteString encrypted =
        sized(ByteString.copyFrom(x))
            .concat(sized(ByteString.copyFrom(fixed(point.getW().getAffineY(), bytes))));
    return new Credential(blob(strength, seed, name, secret), sized(encrypted));
  }

  /** SP 800-108 in counter mode; at most one block is ever needed. */
  static byte[] kdfa(EkStrength strength, byte[] key, String label, byte[] context, int bytes)
      throws GeneralSecurityException {
    byte[] text = terminated(label);
    byte[] block =
        hmac(
            strength,
            key,
            ByteBuffer.allocate(Integer.BYTES + text.length + context.length + Integer.BYTES)
                .putInt(1)
                .put(text)
                .put(context)
                .putInt(bytes * Byte.SIZE)
                .array());
    return Arrays.copyOf(block, bytes);
  }

  /** SP 800-56A, one block. */
  static byte[] kdfe(EkStrength strength, byte[] z, byte[] partyU, byte[] partyV)
      throws GeneralSecurityException {
    byte[] label = terminated(IDENTITY);
    return MessageDigest.getInstance(strength.hash)
        .digest(
            ByteBuffer.allocate(
                    Integer.BYTES + z.length + label.length + partyU.length + partyV.length)
                .putInt(1)
                .put(z)
                .put(label)
                .put(partyU)
                .put(partyV)
                .array());
  }

  private static byte[] hmac(EkStrength strength, byte[] key, byte[] text)
      throws GeneralSecurityException {
    Mac mac = Mac.getInstance(strength.mac);
    mac.init(new SecretKeySpec(key, strength.mac));
    return mac.doFinal(text);
  }

  static byte[] fixed(BigInteger number, int bytes) {
    byte[] all = number.toByteArray();
    byte[] fixed = new byte[bytes];
    int size = Math.min(all.length, bytes);
    System.arraycopy(all, all.length - size, fixed, bytes - size, size);
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
