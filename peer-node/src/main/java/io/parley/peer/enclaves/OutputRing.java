package io.parley.peer.enclaves;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;

/**
 * The last {@value #SIZE_BYTES} bytes of what a process printed. It is read all the time, so the
 * process never blocks on it, and it is bounded, so the process can't fill us. Thread-safe.
 */
final class OutputRing {
  static final int SIZE_BYTES = 64 * 1024;
  private static final int PIECE_BYTES = 4096;

  private final byte[] ring = new byte[SIZE_BYTES];
  private long written;

  /** Starts reading on a thread of its own, until the end. */
  static OutputRing of(InputStream in, String name) {
    OutputRing ring = new OutputRing();
    Thread.ofPlatform().daemon().name(name).start(() -> ring.readAll(in));
    return ring;
  }

  private void readAll(InputStream in) {
    byte[] piece = new byte[PIECE_BYTES];
    try (in) {
      for (int count = in.read(piece); count >= 0; count = in.read(piece)) {
        add(piece, count);
      }
    } catch (IOException e) {
      // The process is gone, and with it what it would have printed.
    }
  }

  private synchronized void add(byte[] piece, int count) {
    for (int i = 0; i < count; i++) {
      ring[(int) (written++ % SIZE_BYTES)] = piece[i];
    }
  }

  /** The last bytes as text, control characters but line ends left out. */
  synchronized String text() {
    int length = (int) Math.min(written, SIZE_BYTES);
    byte[] last = new byte[length];
    for (int i = 0; i < length; i++) {
      last[i] = ring[(int) ((written - length + i) % SIZE_BYTES)];
    }
    return new String(last, UTF_8).replaceAll("[\\p{Cntrl}&&[^\\n]]", "");
  }
}
