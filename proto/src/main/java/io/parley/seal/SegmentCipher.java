package io.parley.seal;

import com.google.protobuf.ByteString;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * The segments of Tink's streaming format AES256-GCM-HKDF-1MB
 * (https://developers.google.com/tink/streaming-aead/aes_gcm_hkdf_streaming), one after the other.
 *
 * <p>Not Tink itself, because Tink takes the provider that is first in the JVM's list: one cannot
 * be handed to it, and the JDK's AES-GCM needs half a minute for 300 MiB in a process as young as
 * an enclave or a command. Tests hold it against Tink in both directions.
 */
final class SegmentCipher {
  static final int SEGMENT_BYTES = 1 << 20;
  static final int TAG_SIZE_BYTES = 16;

  /** One byte length of the header, salt, nonce prefix. */
  static final int HEADER_SIZE_BYTES = 40;

  private static final int SALT_SIZE_BYTES = 32;
  private static final int NONCE_PREFIX_SIZE_BYTES = 7;
  private static final int NONCE_SIZE_BYTES = 12;
  private static final int KEY_SIZE_BYTES = 32;

  private final Cipher cipher = Conscrypts.aesGcm();
  private final SecretKeySpec key;
  private final ByteBuffer nonce = ByteBuffer.allocate(NONCE_SIZE_BYTES);
  private int segment;

  /** The key is HKDF over the result key, with the header's salt and the associated data. */
  SegmentCipher(Secret resultKey, ByteString header, ByteString associatedData) {
    ByteString salt = header.substring(1, 1 + SALT_SIZE_BYTES);
    header.substring(1 + SALT_SIZE_BYTES).copyTo(nonce);
    try (Secret derived = Hkdf.derive(resultKey, salt, associatedData, KEY_SIZE_BYTES)) {
      key = derived.use(bytes -> new SecretKeySpec(bytes, "AES"));
    }
  }

  /** The header is counted as part of the first segment. */
  int segmentBytes() {
    return segment == 0 ? SEGMENT_BYTES - HEADER_SIZE_BYTES : SEGMENT_BYTES;
  }

  void seal(ByteBuffer plaintext, boolean last, ByteBuffer to) throws GeneralSecurityException {
    run(Cipher.ENCRYPT_MODE, plaintext, last, to);
  }

  void open(ByteBuffer ciphertext, boolean last, ByteBuffer to) throws GeneralSecurityException {
    run(Cipher.DECRYPT_MODE, ciphertext, last, to);
  }

  private void run(int mode, ByteBuffer from, boolean last, ByteBuffer to)
      throws GeneralSecurityException {
    nonce.putInt(NONCE_PREFIX_SIZE_BYTES, segment);
    nonce.put(NONCE_SIZE_BYTES - 1, (byte) (last ? 1 : 0));
    cipher.init(mode, key, new GCMParameterSpec(8 * TAG_SIZE_BYTES, nonce.array()));
    int unused = cipher.doFinal(from, to);
    segment = Math.incrementExact(segment);
  }
}
