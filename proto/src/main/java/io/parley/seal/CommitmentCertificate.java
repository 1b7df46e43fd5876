package io.parley.seal;

import com.google.protobuf.ByteString;
import io.parley.wire.BugException;
import io.parley.wire.Digest;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Optional;
import javax.crypto.AEADBadTagException;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * What an owner's enclave found out when it hashed one of its party's files: the commitment, and
 * the file's fingerprint. Sealed, it is the host's to keep; a later enclave that is granted the
 * same data key opens it, and needs a fingerprint where it would have needed a hash
 * (deploy/docs/protocol.md, "Commitment certificates").
 *
 * <p>Guarantees: what {@link #open} returns was sealed by an enclave that had this data key, about
 * a file of this size, under this salt, as this dataset of this agreement; and a pass that {@link
 * #matches} saw the bytes that the commitment is to. Nobody else learns the fingerprint or its key,
 * without which no other bytes can be made to look like these (see {@link Fingerprints}). Not
 * guaranteed: that it is the newest; an older one of the same binding is as true.
 *
 * <p>Immutable and thread-safe.
 */
public final class CommitmentCertificate {
  private static final String LABEL = "parley/v1/commitment-certificate";
  private static final int KEY_SIZE_BYTES = 32;
  private static final int NONCE_SIZE_BYTES = 12;
  private static final int TAG_SIZE_BYTES = 16;
  private static final int PLAINTEXT_SIZE_BYTES =
      2 * Digest.SIZE_BYTES + Fingerprints.KEY_SIZE_BYTES;

  /** Of the sealed form: nonce, commitment, fingerprint, its key, tag. */
  public static final int SEALED_SIZE_BYTES =
      NONCE_SIZE_BYTES + PLAINTEXT_SIZE_BYTES + TAG_SIZE_BYTES;

  /**
   * What it is bound to, beside the data key, which is of one epoch.
   *
   * @param agreement digest of the signed agreement's payload
   * @param salt the file's, 32 bytes
   * @param sizeBytes the file's
   */
  public record Context(Digest agreement, String dataset, ByteString salt, long sizeBytes) {
    private ByteString info() {
      return Fields.label(LABEL).add(agreement.value()).add(dataset).add(sizeBytes).toByteString();
    }
  }

  private final Digest commitment;
  private final Fingerprints fingerprints;
  private final Digest fingerprint;

  /**
   * @param fingerprints with a key that was drawn for this file
   * @param fingerprint of the bytes that were hashed for the commitment, taken in the same pass
   */
  public CommitmentCertificate(Digest commitment, Fingerprints fingerprints, Digest fingerprint) {
    this.commitment = commitment;
    this.fingerprints = fingerprints;
    this.fingerprint = fingerprint;
  }

  /** SHA-256(salt || file). */
  public Digest commitment() {
    return commitment;
  }

  /** Makes passes that {@link #matches} can judge. */
  public Fingerprints fingerprints() {
    return fingerprints;
  }

  /** Ends a pass; whether it saw the bytes that the commitment is to. */
  public boolean matches(Fingerprints.Pass pass) {
    return pass.finish().equals(fingerprint);
  }

  /** For a host to keep. Each call draws a nonce of its own. */
  public ByteString seal(Secret dataKey, Context context, SecureRandom random) {
    byte[] nonce = new byte[NONCE_SIZE_BYTES];
    random.nextBytes(nonce);
    byte[] plaintext = plaintext();
    try {
      byte[] sealed = cipher(Cipher.ENCRYPT_MODE, dataKey, context, nonce).doFinal(plaintext);
      return ByteString.copyFrom(nonce).concat(ByteString.copyFrom(sealed));
    } catch (GeneralSecurityException e) {
      throw new BugException("sealing a certificate failed", e);
    } finally {
      Arrays.fill(plaintext, (byte) 0);
    }
  }

  /** Empty when this is no certificate that was sealed under this key for this context. */
  public static Optional<CommitmentCertificate> open(
      ByteString sealed, Secret dataKey, Context context) {
    if (sealed.size() != SEALED_SIZE_BYTES) {
      return Optional.empty();
    }
    byte[] nonce = sealed.substring(0, NONCE_SIZE_BYTES).toByteArray();
    byte[] body = sealed.substring(NONCE_SIZE_BYTES).toByteArray();
    try {
      byte[] plaintext = cipher(Cipher.DECRYPT_MODE, dataKey, context, nonce).doFinal(body);
      try {
        return Optional.of(parse(ByteBuffer.wrap(plaintext)));
      } finally {
        Arrays.fill(plaintext, (byte) 0);
      }
    } catch (AEADBadTagException e) {
      return Optional.empty();
    } catch (GeneralSecurityException e) {
      throw new BugException("opening a certificate failed", e);
    }
  }

  private byte[] plaintext() {
    ByteBuffer plaintext = ByteBuffer.allocate(PLAINTEXT_SIZE_BYTES);
    plaintext.put(commitment.value().asReadOnlyByteBuffer());
    plaintext.put(fingerprint.value().asReadOnlyByteBuffer());
    try (Secret key = fingerprints.key()) {
      return key.use(plaintext::put).array();
    }
  }

  private static CommitmentCertificate parse(ByteBuffer plaintext) {
    Digest commitment = digest(plaintext);
    Digest fingerprint = digest(plaintext);
    byte[] key = new byte[Fingerprints.KEY_SIZE_BYTES];
    plaintext.get(key);
    try (Secret secret = Secret.moveFrom(key)) {
      return new CommitmentCertificate(commitment, new Fingerprints(secret), fingerprint);
    }
  }

  private static Digest digest(ByteBuffer from) {
    byte[] value = new byte[Digest.SIZE_BYTES];
    from.get(value);
    return Digest.ofValue(value);
  }

  private static Cipher cipher(int mode, Secret dataKey, Context context, byte[] nonce)
      throws GeneralSecurityException {
    Cipher cipher = Conscrypts.aesGcm();
    try (Secret key = Hkdf.derive(dataKey, context.salt(), context.info(), KEY_SIZE_BYTES)) {
      cipher.init(
          mode,
          key.use(bytes -> new SecretKeySpec(bytes, "AES")),
          new GCMParameterSpec(Byte.SIZE * TAG_SIZE_BYTES, nonce));
    }
    return cipher;
  }
}
