package io.parley.identity;

import com.google.protobuf.ByteString;
import io.parley.wire.BugException;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.security.SecureRandom;
import java.util.Arrays;
import org.bouncycastle.math.ec.rfc8032.Ed25519;

/**
 * An Ed25519 private key. Never printed; {@link #close} wipes it, after which it signs nothing.
 *
 * <p>Safe for use by several threads. Not guaranteed: the collector may have left copies of the
 * bytes elsewhere in the heap.
 */
public final class SigningKey implements AutoCloseable {
  private final byte[] seed;
  private final VerifyingKey verifyingKey;
  private final NativeSigner signer;
  private boolean closed;

  private SigningKey(byte[] seed) {
    if (seed.length != Ed25519.SECRET_KEY_SIZE) {
      throw new RefusedException(
          Reason.INVALID_REQUEST,
          "Ed25519 private key is %d bytes long; expected %d"
              .formatted(seed.length, Ed25519.SECRET_KEY_SIZE));
    }
    this.seed = seed.clone();
    byte[] point = new byte[Ed25519.PUBLIC_KEY_SIZE];
    Ed25519.generatePublicKey(this.seed, 0, point, 0);
    this.verifyingKey = new VerifyingKey(ByteString.copyFrom(point));
    this.signer = new NativeSigner(this.seed);
  }

  /** A fresh key. */
  public static SigningKey generate(SecureRandom random) {
    byte[] seed = new byte[Ed25519.SECRET_KEY_SIZE];
    random.nextBytes(seed);
    try {
      return new SigningKey(seed);
    } finally {
      Arrays.fill(seed, (byte) 0);
    }
  }

  /** From the 32 secret bytes of RFC 8032, which are copied. */
  static SigningKey ofSeed(byte[] seed) {
    return new SigningKey(seed);
  }

  /** The public half. */
  public VerifyingKey verifyingKey() {
    return verifyingKey;
  }

  /** Ed25519 over {@code label || 0x00 || message}. */
  public ByteString sign(String label, ByteString message) {
    return signExact(Labels.prefixed(label, message));
  }

  /**
   * Ed25519 over exactly these bytes. Only for messages that carry their own label, as DSSE's do.
   */
  public synchronized ByteString signExact(ByteString message) {
    requireOpen();
    return ByteString.copyFrom(signer.sign(message.toByteArray()));
  }

  /** A copy of the secret bytes, for the key file; the caller wipes it. */
  synchronized byte[] copySeed() {
    requireOpen();
    return seed.clone();
  }

  private void requireOpen() {
    if (closed) {
      throw new BugException("signing key was closed");
    }
  }

  @Override
  public synchronized void close() {
    Arrays.fill(seed, (byte) 0);
    if (!closed) {
      signer.close();
    }
    closed = true;
  }

  @Override
  public String toString() {
    return "SigningKey[" + verifyingKey + "]";
  }
}
