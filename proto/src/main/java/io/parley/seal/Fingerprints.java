package io.parley.seal;

import io.parley.wire.BugException;
import io.parley.wire.Digest;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * Tells whether several passes over something that others may change saw the same bytes, several
 * times faster than a hash does: the AES-256-GCM tag of each piece, under a key that was drawn for
 * it and is used for nothing else.
 *
 * <p>Whoever does not know the key can't make two passes look the same that were not, but with a
 * chance of one in 2^100, in ten thousand tries that say no more than yes or no: GHASH is a
 * universal hash, and nobody sees a tag. Nothing is promised about one who knows the key or saw a
 * fingerprint, so both leave the enclave sealed ({@link CommitmentCertificate}) or not at all.
 *
 * <p>Thread-safe; a pass is not.
 */
public final class Fingerprints {
  /** Most bytes in a piece; what is sealed goes nowhere. */
  public static final int PIECE_BYTES_MAX = 1 << 20;

  static final int KEY_SIZE_BYTES = 32;
  private static final int NONCE_SIZE_BYTES = 12;
  private static final int TAG_SIZE_BYTES = 16;

  private final SecretKeySpec key;

  /** With a key of its own. */
  public Fingerprints(SecureRandom random) {
    try (Secret secret = Secret.random(KEY_SIZE_BYTES, random)) {
      key = spec(secret);
    }
  }

  /** With the key of earlier passes. */
  Fingerprints(Secret key) {
    this.key = spec(key);
  }

  private static SecretKeySpec spec(Secret key) {
    return key.use(bytes -> new SecretKeySpec(bytes, "AES"));
  }

  /** A copy of the key, the caller's to close. */
  Secret key() {
    return Secret.moveFrom(key.getEncoded());
  }

  /** Starts a pass. All passes must give the same pieces: the same bytes cut elsewhere differ. */
  public Pass start() {
    return new Pass(key);
  }

  /** One pass, from the first piece to the last. */
  public static final class Pass {
    private final Cipher cipher = Conscrypts.aesGcm();
    private final MessageDigest tags = Digest.newSha256();
    private final ByteBuffer sealed = ByteBuffer.allocateDirect(PIECE_BYTES_MAX + TAG_SIZE_BYTES);
    private final SecretKeySpec key;
    private long pieces;

    private Pass(SecretKeySpec key) {
      this.key = key;
    }

    /** Takes all of a direct buffer. */
    public void update(ByteBuffer piece) {
      byte[] nonce = ByteBuffer.allocate(NONCE_SIZE_BYTES).putLong(pieces++).array();
      try {
        cipher.init(
            Cipher.ENCRYPT_MODE, key, new GCMParameterSpec(TAG_SIZE_BYTES * Byte.SIZE, nonce));
        int length = cipher.doFinal(piece, sealed.clear());
        tags.update(sealed.flip().position(length - TAG_SIZE_BYTES));
      } catch (GeneralSecurityException e) {
        throw new BugException("sealing a piece failed", e);
      }
    }

    /** Ends the pass. */
    public Digest finish() {
      return Digest.ofValue(tags.digest());
    }
  }
}
