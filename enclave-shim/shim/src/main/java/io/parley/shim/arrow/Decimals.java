package io.parley.shim.arrow;

import java.math.BigInteger;
import java.nio.ByteBuffer;

/**
 * Whether 128-bit decimals have no more digits than their type says: readers that narrow them would
 * silently take another number.
 */
final class Decimals {
  private static final int BYTES = 16;

  private Decimals() {}

  /**
   * @param values little-endian, 16 bytes each
   * @param validity may be empty: all are valid
   */
  static boolean fit(ByteBuffer values, ByteBuffer validity, int rows, int precision) {
    BigInteger bound = BigInteger.TEN.pow(precision);
    long boundLow = bound.longValue();
    long boundHigh = bound.shiftRight(Long.SIZE).longValueExact();
    for (int row = 0; row < rows; row++) {
      if (!validity.hasRemaining() || (validity.get(row >> 3) >> (row & 7) & 1) == 1) {
        long low = values.getLong(row * BYTES);
        long high = values.getLong(row * BYTES + Long.BYTES);
        if (high < 0) {
          low = -low;
          high = low == 0 ? -high : ~high;
        }
        // Unsigned: the smallest 128-bit number is its own negation.
        int order = Long.compareUnsigned(high, boundHigh);
        if (order > 0 || (order == 0 && Long.compareUnsigned(low, boundLow) >= 0)) {
          return false;
        }
      }
    }
    return true;
  }
}
