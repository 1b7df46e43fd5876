package io.parley.shim.arrow;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.LocalDate;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;

/** Random values of one type, within what programs take for sane. Not thread-safe. */
final class DrawnValues {
  private static final int LETTERS_MAX = 12;
  private static final int INTEGER_BITS_MAX = 31;
  private static final int DECIMAL_BYTES = 16;
  private static final long FIRST_DAY = LocalDate.of(1800, 1, 1).toEpochDay();
  private static final long LAST_DAY = LocalDate.of(2200, 1, 1).toEpochDay();
  private static final long DAY_MICROS = TimeUnit.DAYS.toMicros(1);

  private final ColumnLayout layout;
  private final int rows;
  private final RandomGenerator random;

  /**
   * @param rows of which each has such a value
   */
  DrawnValues(ColumnLayout layout, int rows, RandomGenerator random) {
    this.layout = layout;
    this.rows = rows;
    this.random = random;
  }

  /** How many there are to draw from, at least. */
  long count() {
    return switch (layout) {
      case ColumnLayout.Booleans _ -> 2;
      case ColumnLayout.Integers type -> 1L << Math.min(type.bitWidth(), INTEGER_BITS_MAX);
      case ColumnLayout.Decimals type ->
          bound(Math.min(type.precision(), 9)).longValueExact() * 2 - 1;
      case ColumnLayout.Dates _ -> LAST_DAY - FIRST_DAY;
      case ColumnLayout.Floats _, ColumnLayout.Texts _, ColumnLayout.Timestamps _ ->
          Integer.MAX_VALUE;
    };
  }

  /** One value as it lies in a buffer; of a boolean a byte of 0 or 1. */
  byte[] next() {
    return switch (layout) {
      case ColumnLayout.Booleans _ -> bytes(random.nextInt(2), Byte.BYTES);
      case ColumnLayout.Integers type -> bytes(integer(type.bitWidth()), type.bitWidth() / 8);
      case ColumnLayout.Floats type ->
          type.bitWidth() == Float.SIZE
              ? bytes(Float.floatToIntBits((float) real()), Float.BYTES)
              : bytes(Double.doubleToLongBits(real()), Double.BYTES);
      case ColumnLayout.Decimals type -> decimal(type.precision());
      case ColumnLayout.Texts _ -> text();
      case ColumnLayout.Dates _ -> bytes(random.nextLong(FIRST_DAY, LAST_DAY), Integer.BYTES);
      case ColumnLayout.Timestamps _ ->
          bytes(random.nextLong(FIRST_DAY * DAY_MICROS, LAST_DAY * DAY_MICROS), Long.BYTES);
    };
  }

  /** Half of them as small as keys and counts are, so that some are those of other columns. */
  private long integer(int bitWidth) {
    long bound = 1L << Math.min(bitWidth - 1, INTEGER_BITS_MAX - 1);
    return random.nextBoolean()
        ? random.nextLong(-bound, bound)
        : random.nextLong(Math.min(bound, 2L * rows));
  }

  private double real() {
    return (random.nextDouble() - 0.5) * Math.pow(10, random.nextInt(1, 7));
  }

  private byte[] decimal(int precision) {
    BigInteger bound = bound(random.nextBoolean() ? precision : random.nextInt(1, precision + 1));
    byte[] bits = new byte[DECIMAL_BYTES + 1];
    random.nextBytes(bits);
    BigInteger value = new BigInteger(bits).remainder(bound);
    return ByteBuffer.allocate(DECIMAL_BYTES)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putLong(value.longValue())
        .putLong(value.shiftRight(Long.SIZE).longValue())
        .array();
  }

  private static BigInteger bound(int digits) {
    return BigInteger.TEN.pow(digits);
  }

  private byte[] text() {
    StringBuilder text = new StringBuilder();
    for (int left = random.nextInt(1, LETTERS_MAX + 1); left > 0; left--) {
      text.append((char) random.nextInt('a', 'z' + 1));
    }
    return text.toString().getBytes(US_ASCII);
  }

  /** The lowest bytes first. */
  private static byte[] bytes(long value, int count) {
    byte[] bytes = new byte[count];
    for (int i = 0; i < count; i++) {
      bytes[i] = (byte) (value >> i * Byte.SIZE);
    }
    return bytes;
  }
}
