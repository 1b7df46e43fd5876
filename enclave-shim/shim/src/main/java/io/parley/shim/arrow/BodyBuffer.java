package io.parley.shim.arrow;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Memory for one batch's body at a time, taken as needed and used again. Not thread-safe. */
final class BodyBuffer {
  private static final int FIRST_BYTES = 1 << 16;

  private final int maxBytes;
  private ByteBuffer buffer = ByteBuffer.allocate(0);

  BodyBuffer(int maxBytes) {
    this.maxBytes = maxBytes;
  }

  /** An empty buffer with exactly this space. */
  ByteBuffer take(int length, Table table) {
    if (length > maxBytes) {
      throw table.invalid(
          "a record batch has %d bytes; at most %d were announced".formatted(length, maxBytes));
    }
    if (buffer.capacity() < length) {
      int doubled = (int) Math.min(maxBytes, Math.max(FIRST_BYTES, 2L * length));
      buffer = ByteBuffer.allocateDirect(doubled);
    }
    return buffer.clear().limit(length).order(ByteOrder.LITTLE_ENDIAN);
  }
}
