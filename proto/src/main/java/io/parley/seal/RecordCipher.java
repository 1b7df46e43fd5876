package io.parley.seal;

import com.google.protobuf.ByteString;
import io.parley.wire.BugException;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import java.util.Map;
import javax.crypto.AEADBadTagException;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * Seals or opens the records of one direction, in order: the nonce is the direction's base XOR the
 * record's number, as TLS 1.3 does it (RFC 8446 section 5.3). A number is never used twice, and no
 * key seals more than {@value Records#MAX_RECORDS} records.
 *
 * <p>Not thread-safe.
 */
final class RecordCipher {
  private static final int KEY_SIZE_BYTES = 32;
  private static final int NONCE_SIZE_BYTES = 12;
  private static final int TAG_SIZE_BITS = 8 * Records.TAG_SIZE_BYTES;

  private final Cipher cipher = Conscrypts.aesGcm();
  private final SecretKeySpec key;
  private final byte[] nonceBase;
  private final byte[] nonce = new byte[NONCE_SIZE_BYTES];
  private long sequence;

  private RecordCipher(SecretKeySpec key, byte[] nonceBase) {
    this.key = key;
    this.nonceBase = nonceBase;
  }

  /** The key schedule: 32 bytes of key, then 12 of nonce base. */
  static RecordCipher derive(Secret key, ByteString salt, ByteString info) {
    try (Secret output = Hkdf.derive(key, salt, info, KEY_SIZE_BYTES + NONCE_SIZE_BYTES)) {
      return output.use(bytes ->
          new RecordCipher(
              new SecretKeySpec(bytes, 0, KEY_SIZE_BYTES, "AES"),
              Arrays.copyOfRange(bytes, KEY_SIZE_BYTES, bytes.length)));
    }
  }

  /** Appends ciphertext and tag to {@code to}; both buffers are direct. */
  void seal(byte[] header, ByteBuffer plaintext, ByteBuffer to) {
    try {
      init(Cipher.ENCRYPT_MODE);
      cipher.updateAAD(header);
      int unused = cipher.doFinal(plaintext, to);
    } catch (GeneralSecurityException e) {
      throw new BugException("sealing a record failed", e);
    }
  }

  /**
   * Appends the plaintext to {@code to}; both buffers are direct.
   *
   * @throws RefusedException INVALID_RECORD when this is not the record that was sealed with this
   *     number, under this key
   */
  void open(byte[] header, ByteBuffer ciphertext, ByteBuffer to) {
    try {
      init(Cipher.DECRYPT_MODE);
      cipher.updateAAD(header);
      int unused = cipher.doFinal(ciphertext, to);
    } catch (AEADBadTagException e) {
      throw new RefusedException(
          Reason.INVALID_RECORD,
          "record %d does not open: it was changed, moved or repeated, or sealed for another stream, job or key"
              .formatted(sequence - 1),
          Map.of("record", Long.toString(sequence - 1)));
    } catch (GeneralSecurityException e) {
      throw new BugException("opening a record failed", e);
    }
  }

  private void init(int mode) throws GeneralSecurityException {
    if (sequence >= Records.MAX_RECORDS) {
      throw new RefusedException(
          Reason.SIZE_LIMIT,
          "a channel carries at most %d records each way; use larger ones"
              .formatted(Records.MAX_RECORDS));
    }
    System.arraycopy(nonceBase, 0, nonce, 0, NONCE_SIZE_BYTES);
    for (int i = 0; i < Long.BYTES; i++) {
      nonce[NONCE_SIZE_BYTES - 1 - i] ^= (byte) (sequence >>> (8 * i));
    }
    sequence++;
    cipher.init(mode, key, new GCMParameterSpec(TAG_SIZE_BITS, nonce));
  }

  /** For tests: as if this many records had gone by. */
  void skipTo(long number) {
    sequence = number;
  }
}
