package io.parley.broker.keys;

import com.google.protobuf.ByteString;
import io.parley.seal.Conscrypts;
import io.parley.seal.Secret;
import io.parley.wire.BugException;
import io.parley.wire.Digest;
import io.parley.wire.EnvironmentException;
import io.parley.wire.Reason;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Map;
import javax.crypto.AEADBadTagException;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * KEKs wrapped by a key that is derived from the master secret: AES-256-GCM (Conscrypt's, which for
 * a single key is five times as fast as the JDK's) with random nonces; the agreement is the
 * associated data of its KEK, the key's name that of a data key.
 *
 * <p>Layout of everything wrapped: one byte 1 (the version), 12 bytes nonce, 32 bytes ciphertext,
 * 16 bytes tag. Random nonces are good for 2^32 keys per wrapping key.
 */
public final class FileKeyVault implements KeyVault {
  private static final byte VERSION = 1;
  private static final int KEY_BYTES = 32;
  private static final int NONCE_BYTES = 12;
  private static final int TAG_BITS = 128;
  private static final int WRAPPED_BYTES = 1 + NONCE_BYTES + KEY_BYTES + TAG_BITS / Byte.SIZE;
  private static final String KEK_LABEL = "parley/v1/kek\0";

  private final Secret wrapping;
  private final SecureRandom random;

  public FileKeyVault(MasterKey master, SecureRandom random) {
    this.wrapping = master.derive("parley/v1/kek-wrapping");
    this.random = random;
  }

  @Override
  public boolean made(ByteString kek) {
    return !kek.isEmpty() && kek.byteAt(0) == VERSION;
  }

  @Override
  public ByteString createKek(Digest agreement) {
    try (Secret kek = Secret.random(KEY_BYTES, random)) {
      return wrap(wrapping, kekContext(agreement), kek);
    }
  }

  @Override
  public ByteString wrap(ByteString kek, KeyName name, Secret key) {
    try (Secret open = openKek(kek, name.agreement())) {
      return wrap(open, name.context(), key);
    }
  }

  @Override
  public Secret unwrap(ByteString kek, KeyName name, ByteString wrapped) {
    try (Secret open = openKek(kek, name.agreement())) {
      return unwrap(open, name.context(), wrapped);
    }
  }

  @Override
  public void destroyKek(Digest agreement) {
    // Its only form is the one that createKek gave out.
  }

  @Override
  public void close() {
    wrapping.close();
  }

  private Secret openKek(ByteString kek, Digest agreement) {
    if (Pkcs11KeyVault.isReference(kek)) {
      throw new EnvironmentException(
          Reason.KEY_VAULT_FAILED,
          "the KEK of agreement %s is in another vault than broker.yaml says; put 'keys:' back, or move"
                  .formatted(agreement)
              + " the keys with 'key-broker rewrap'",
          Map.of("agreement", agreement.toString()));
    }
    return unwrap(wrapping, kekContext(agreement), kek);
  }

  private static byte[] kekContext(Digest agreement) {
    return ByteString.copyFrom(KEK_LABEL, StandardCharsets.UTF_8)
        .concat(agreement.value())
        .toByteArray();
  }

  private ByteString wrap(Secret by, byte[] context, Secret key) {
    if (key.sizeBytes() != KEY_BYTES) {
      throw new BugException("only keys of %d bytes are wrapped".formatted(KEY_BYTES));
    }
    byte[] nonce = new byte[NONCE_BYTES];
    random.nextBytes(nonce);
    try {
      Cipher cipher = by.use(raw -> cipher(Cipher.ENCRYPT_MODE, raw, nonce, context));
      byte[] sealed = key.<byte[], GeneralSecurityException>use(cipher::doFinal);
      return ByteString.copyFrom(new byte[] {VERSION})
          .concat(ByteString.copyFrom(nonce))
          .concat(ByteString.copyFrom(sealed));
    } catch (GeneralSecurityException e) {
      throw new BugException("AES-256-GCM failed to wrap", e);
    }
  }

  private static Secret unwrap(Secret by, byte[] context, ByteString wrapped) {
    if (wrapped.size() != WRAPPED_BYTES || wrapped.byteAt(0) != VERSION) {
      throw foreign();
    }
    byte[] nonce = wrapped.substring(1, 1 + NONCE_BYTES).toByteArray();
    byte[] sealed = wrapped.substring(1 + NONCE_BYTES).toByteArray();
    try {
      Cipher cipher = by.use(raw -> cipher(Cipher.DECRYPT_MODE, raw, nonce, context));
      return Secret.moveFrom(cipher.doFinal(sealed));
    } catch (AEADBadTagException e) {
      throw foreign();
    } catch (GeneralSecurityException e) {
      throw new BugException("AES-256-GCM failed to unwrap", e);
    }
  }

  private static Cipher cipher(int mode, byte[] key, byte[] nonce, byte[] context)
      throws GeneralSecurityException {
    Cipher cipher = Conscrypts.aesGcm();
    cipher.init(mode, new SecretKeySpec(key, "AES"), new GCMParameterSpec(TAG_BITS, nonce));
    cipher.updateAAD(context);
    return cipher;
  }

  /** One message for every cause. */
  private static EnvironmentException foreign() {
    return new EnvironmentException(
        Reason.STORE_FAILED,
        "a stored key does not open: broker.db and master.key are not of one broker, or were changed;"
            + " put both back from one backup",
        Map.of());
  }
}
