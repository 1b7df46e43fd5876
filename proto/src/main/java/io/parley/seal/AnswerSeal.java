package io.parley.seal;

import com.google.protobuf.ByteString;
import io.parley.wire.BugException;
import io.parley.wire.Digest;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Optional;
import javax.crypto.AEADBadTagException;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * Keys for the records of answers over one dataset, derived from its data key, which is of one
 * epoch of one agreement; and the sealing of those records (deploy/docs/protocol.md, "Records of
 * answers").
 *
 * <p>Guarantees: a record that {@link #open} returns was sealed by an enclave that had this data
 * key, for this dataset of this agreement, as the answer of this job at this place in the chain.
 * Nobody else can read one. Not guaranteed: that the broker took it; its signature says that.
 *
 * <p>Thread-safe. Closing wipes the keys.
 */
public final class AnswerSeal implements AutoCloseable {
  /** What a sealed record is longer than its content. */
  public static final int OVERHEAD_BYTES = 28;

  /** Of {@link #hashKey}. */
  public static final int HASH_KEY_SIZE_BYTES = 64;

  private static final String HASH_LABEL = "parley/v1/answer-hash";
  private static final String SEAL_LABEL = "parley/v1/answer-seal";
  private static final String RECORD_LABEL = "parley/v1/answer-record";
  private static final int KEY_SIZE_BYTES = 32;
  private static final int NONCE_SIZE_BYTES = 12;
  private static final int TAG_SIZE_BYTES = 16;

  private final Secret hashKey;
  private final Secret sealKey;

  /**
   * Derives the keys.
   *
   * @param dataKey the dataset's; stays the caller's
   * @param agreement digest of the signed agreement's payload
   */
  public AnswerSeal(Secret dataKey, Digest agreement, String dataset) {
    hashKey = derive(dataKey, HASH_LABEL, agreement, dataset, HASH_KEY_SIZE_BYTES);
    sealKey = derive(dataKey, SEAL_LABEL, agreement, dataset, KEY_SIZE_BYTES);
  }

  /**
   * Where a record belongs.
   *
   * @param position from 1
   * @param previous the chain's digest before it
   * @param jobId whose answer it is
   */
  public record Place(long position, Digest previous, String jobId) {
    private ByteString aad() {
      return Fields.label(RECORD_LABEL)
          .add(position)
          .add(previous.value())
          .add(jobId)
          .toByteString();
    }
  }

  /** For sketches of sets of identities. The seal's own; gone when it is closed. */
  public Secret hashKey() {
    return hashKey;
  }

  /** Nonce, ciphertext and tag. Each call draws a nonce of its own. */
  public ByteString seal(byte[] content, Place place, SecureRandom random) {
    byte[] nonce = new byte[NONCE_SIZE_BYTES];
    random.nextBytes(nonce);
    try {
      byte[] sealed = cipher(Cipher.ENCRYPT_MODE, nonce, place).doFinal(content);
      return ByteString.copyFrom(nonce).concat(ByteString.copyFrom(sealed));
    } catch (GeneralSecurityException e) {
      throw new BugException("sealing the record of an answer failed", e);
    }
  }

  /** Empty when this is not a record that was sealed for this place. */
  public Optional<byte[]> open(ByteString record, Place place) {
    if (record.size() < OVERHEAD_BYTES) {
      return Optional.empty();
    }
    byte[] nonce = record.substring(0, NONCE_SIZE_BYTES).toByteArray();
    byte[] body = record.substring(NONCE_SIZE_BYTES).toByteArray();
    try {
      return Optional.of(cipher(Cipher.DECRYPT_MODE, nonce, place).doFinal(body));
    } catch (AEADBadTagException e) {
      return Optional.empty();
    } catch (GeneralSecurityException e) {
      throw new BugException("opening the record of an answer failed", e);
    }
  }

  @Override
  public void close() {
    hashKey.close();
    sealKey.close();
  }

  private Cipher cipher(int mode, byte[] nonce, Place place) throws GeneralSecurityException {
    Cipher cipher = Conscrypts.aesGcm();
    cipher.init(
        mode,
        sealKey.use(bytes -> new SecretKeySpec(bytes, "AES")),
        new GCMParameterSpec(Byte.SIZE * TAG_SIZE_BYTES, nonce));
    cipher.updateAAD(place.aad().toByteArray());
    return cipher;
  }

  private static Secret derive(
      Secret dataKey, String label, Digest agreement, String dataset, int sizeBytes) {
    ByteString info = Fields.label(label).add(agreement.value()).add(dataset).toByteString();
    return Hkdf.derive(dataKey, ByteString.EMPTY, info, sizeBytes);
  }
}
