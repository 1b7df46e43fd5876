package io.parley.shim.child;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.Arrays;

/** The last bytes of what an app printed. They may hold rows, and never leave the enclave. */
final class OutputTail {
  private static final int SIZE_BYTES = 16 * 1024;

  private byte[] tail = new byte[0];

  synchronized void add(byte[] bytes, int count) {
    byte[] all = Arrays.copyOf(tail, tail.length + count);
    System.arraycopy(bytes, 0, all, tail.length, count);
    tail =
        all.length <= SIZE_BYTES
            ? all
            : Arrays.copyOfRange(all, all.length - SIZE_BYTES, all.length);
  }

  synchronized String text() {
    return new String(tail, UTF_8);
  }
}
