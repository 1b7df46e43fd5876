package io.parley.shim.child;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The memory of a thread that waits at a {@link Listener}. Other threads of its process do not
 * wait, and may change it meanwhile.
 */
final class CallerMemory {
  private static final int PATH_BYTES_MAX = 4096;
  private static final int PAGE_BYTES = 4096;

  private CallerMemory() {}

  /** A text that ends with a zero, or null when there is none. */
  static @Nullable String text(int thread, long address) {
    byte[] bytes = read(thread, address, PATH_BYTES_MAX, true);
    for (int i = 0; i < bytes.length; i++) {
      if (bytes[i] == 0) {
        return new String(bytes, 0, i, UTF_8);
      }
    }
    return null;
  }

  /** So many bytes, or fewer where there are no more. */
  static byte[] bytes(int thread, long address, int count) {
    return read(thread, address, count, false);
  }

  private static byte[] read(int thread, long address, int max, boolean toZero) {
    byte[] bytes = new byte[max];
    int count = 0;
    try (RandomAccessFile memory = new RandomAccessFile("/proc/%d/mem".formatted(thread), "r")) {
      memory.seek(address);
      // Page by page: the next one may not be there.
      while (count < bytes.length) {
        int page = (int) (PAGE_BYTES - ((address + count) & (PAGE_BYTES - 1)));
        int read = memory.read(bytes, count, Math.min(page, bytes.length - count));
        if (read <= 0) {
          break;
        }
        count += read;
        if (toZero && hasZero(bytes, count - read, count)) {
          break;
        }
      }
    } catch (IOException e) {
      // The caller is gone, or no page is there; what was read so far counts.
      return Arrays.copyOf(bytes, count);
    }
    return Arrays.copyOf(bytes, count);
  }

  private static boolean hasZero(byte[] bytes, int from, int to) {
    for (int i = from; i < to; i++) {
      if (bytes[i] == 0) {
        return true;
      }
    }
    return false;
  }
}
