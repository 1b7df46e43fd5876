package io.parley.seal;

import com.google.errorprone.annotations.RestrictedApi;
import io.parley.wire.BugException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Key bytes. Wiped on {@link #close()}, compared in constant time, never printed; the only way to
 * the bytes is {@link #use}, which the build allows in the rooms that need it and nowhere else.
 *
 * <p>What Java cannot promise: the collector may have moved, and so copied, the array before it was
 * wiped; {@code SecretKeySpec}, {@code Cipher} and {@code Mac} keep copies of their own until they
 * are collected; memory may be swapped or dumped. Enclaves run without swap and without core dumps
 * for that reason.
 *
 * <p>Thread-safe. Any use after close is a {@link BugException}.
 */
public final class Secret implements AutoCloseable {
  private static final int MAX_SIZE_BYTES = 1 << 16;

  private final byte[] bytes;
  private boolean closed;

  private Secret(byte[] bytes) {
    this.bytes = bytes;
  }

  /** Reads the bytes of a secret; must neither keep nor change the array. */
  @FunctionalInterface
  public interface Reader<T extends @Nullable Object, E extends Exception> {
    T read(byte[] bytes) throws E;
  }

  /** Fresh random bytes. */
  public static Secret random(int sizeBytes, SecureRandom random) {
    byte[] bytes = new byte[checkSize(sizeBytes)];
    random.nextBytes(bytes);
    return new Secret(bytes);
  }

  /** A copy; the caller wipes its own array. */
  public static Secret copyOf(byte[] bytes) {
    return new Secret(Arrays.copyOf(bytes, checkSize(bytes.length)));
  }

  /** A copy; the given array is wiped. */
  public static Secret moveFrom(byte[] bytes) {
    Secret secret = copyOf(bytes);
    Arrays.fill(bytes, (byte) 0);
    return secret;
  }

  /** A copy with its own life. */
  public synchronized Secret copy() {
    return copyOf(open());
  }

  /**
   * The one way to the bytes. The array is the secret's own, not a copy: it is wiped by {@link
   * #close()}, and must not be kept, changed or put into a message that is logged.
   */
  @RestrictedApi(
      explanation =
          "key bytes are read only where keys are used; add the room here when it is one of those",
      allowedOnPath =
          ".*/src/test/.*|.*/io/parley/(seal|identity|broker/keys|shim/(keys|exchange|release|answers))/.*")
  public synchronized <T extends @Nullable Object, E extends Exception> T use(Reader<T, E> reader)
      throws E {
    return reader.read(open());
  }

  public int sizeBytes() {
    return bytes.length;
  }

  /** Wipes. A second call does nothing. */
  @Override
  public synchronized void close() {
    closed = true;
    Arrays.fill(bytes, (byte) 0);
  }

  /** Constant-time in the bytes; secrets of different sizes differ at once. */
  @Override
  public boolean equals(@Nullable Object other) {
    if (this == other) {
      return true;
    }
    if (!(other instanceof Secret that)) {
      return false;
    }
    // Copied one after the other: two threads that compare a pair both ways must not deadlock.
    byte[] mine = snapshot();
    byte[] theirs = that.snapshot();
    try {
      return MessageDigest.isEqual(mine, theirs);
    } finally {
      Arrays.fill(mine, (byte) 0);
      Arrays.fill(theirs, (byte) 0);
    }
  }

  /** Says nothing about the bytes but their number. */
  @Override
  public int hashCode() {
    return bytes.length;
  }

  /** Says nothing about the bytes but their number. */
  @Override
  public String toString() {
    return "Secret[" + bytes.length + " bytes]";
  }

  private synchronized byte[] snapshot() {
    return open().clone();
  }

  private byte[] open() {
    if (closed) {
      throw new BugException("a secret was used after it was wiped");
    }
    return bytes;
  }

  private static int checkSize(int sizeBytes) {
    if (sizeBytes < 1 || sizeBytes > MAX_SIZE_BYTES) {
      throw new BugException("a secret of %d bytes".formatted(sizeBytes));
    }
    return sizeBytes;
  }
}
