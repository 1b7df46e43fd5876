package io.parley.shim.answers;

/**
 * The integers modulo the prime 2^61 - 1. All arguments are below it, and so are all answers.
 * Stateless.
 */
final class Field {
  static final long PRIME = (1L << 61) - 1;
  private static final int BITS = 61;

  private Field() {}

  static long add(long a, long b) {
    long sum = a + b;
    return sum >= PRIME ? sum - PRIME : sum;
  }

  static long subtract(long a, long b) {
    long difference = a - b;
    return difference < 0 ? difference + PRIME : difference;
  }

  static long multiply(long a, long b) {
    long low = a * b;
    long high = Math.multiplyHigh(a, b);
    // 2^61 is 1, so what is above those bits counts from the bottom again.
    return reduce((low & PRIME) + (high << (Long.SIZE - BITS) | low >>> BITS));
  }

  /** Any 64 bits; two of them may become the same element. */
  static long of(long bits) {
    return reduce((bits & PRIME) + (bits >>> BITS));
  }

  static boolean holds(long value) {
    return value >= 0 && value < PRIME;
  }

  private static long reduce(long value) {
    return value >= PRIME ? value - PRIME : value;
  }
}
