package io.parley.shim.arrow;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/** Checks of what is in a column's buffers. All are little-endian and start at 0. */
final class Buffers {
  private static final long HIGH_BITS = 0x8080808080808080L;
  private static final ByteBuffer ALL_ONES = allOnes(1 << 13);

  private Buffers() {}

  private static ByteBuffer allOnes(int bytes) {
    ByteBuffer ones = ByteBuffer.allocateDirect(bytes);
    MemorySegment unused = MemorySegment.ofBuffer(ones).fill((byte) -1);
    return ones;
  }

  /** How many of the first {@code count} bits are set. */
  static long ones(ByteBuffer bits, int count) {
    int whole = count / Byte.SIZE;
    int at = onesAtStart(bits, whole);
    long ones = (long) Byte.SIZE * at;
    for (; at + Long.BYTES <= whole; at += Long.BYTES) {
      ones += Long.bitCount(bits.getLong(at));
    }
    for (; at < whole; at++) {
      ones += Integer.bitCount(bits.get(at) & 0xFF);
    }
    int rest = count % Byte.SIZE;
    return rest == 0 ? ones : ones + Integer.bitCount(bits.get(whole) & ((1 << rest) - 1));
  }

  /** Bytes of nothing but ones, in whole pieces: most columns have no null. */
  private static int onesAtStart(ByteBuffer bits, int bytes) {
    int piece = ALL_ONES.capacity();
    int at = 0;
    while (at + piece <= bytes && bits.slice(at, piece).mismatch(ALL_ONES) < 0) {
      at += piece;
    }
    return at;
  }

  /**
   * The last offset when offsets never fall and stay within {@code textLength}, else -1. No offsets
   * at all, which a batch without rows may have, end at 0.
   */
  static int offsetsEnd(ByteBuffer offsets, int textLength) {
    int previous = 0;
    for (int at = 0; at < offsets.limit(); at += Integer.BYTES) {
      int offset = offsets.getInt(at);
      if (offset < previous) {
        return -1;
      }
      previous = offset;
    }
    return previous <= textLength ? previous : -1;
  }

  /** Whether each text between two offsets is UTF-8 by itself. */
  static boolean textsAreUtf8(ByteBuffer offsets, ByteBuffer text) {
    if (offsets.limit() == 0 || isAscii(text)) {
      return true;
    }
    int from = offsets.getInt(0);
    for (int at = Integer.BYTES; at < offsets.limit(); at += Integer.BYTES) {
      int to = offsets.getInt(at);
      if (!Utf8.isValid(text, from, to)) {
        return false;
      }
      from = to;
    }
    return true;
  }

  private static boolean isAscii(ByteBuffer text) {
    int at = 0;
    for (; at + Long.BYTES <= text.limit(); at += Long.BYTES) {
      if ((text.getLong(at) & HIGH_BITS) != 0) {
        return false;
      }
    }
    for (; at < text.limit(); at++) {
      if (text.get(at) < 0) {
        return false;
      }
    }
    return true;
  }
}
