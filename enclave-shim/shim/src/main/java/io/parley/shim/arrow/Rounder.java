package io.parley.shim.arrow;

import io.parley.agreement.Rounding;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.nio.ByteBuffer;

/**
 * Rounds the values of one column in place, halves away from zero. A value whose rounding would not
 * fit its type goes towards zero instead.
 */
final class Rounder {
  private static final int DECIMAL_BYTES = 16;

  private final BigDecimal step;
  private final boolean whole;
  private final double factor;

  Rounder(Rounding rounding) {
    step = rounding.step();
    whole = step.compareTo(BigDecimal.ONE) >= 0;
    // Below one the inverse is a whole number, which a double can hold and the step is not.
    factor = whole ? step.doubleValue() : BigDecimal.ONE.divide(step).doubleValue();
  }

  /**
   * @param values little-endian, from 0 to its limit
   */
  void round(ColumnLayout layout, ByteBuffer values) {
    switch (layout) {
      case ColumnLayout.Integers type when whole -> integers(values, type.bitWidth());
      case ColumnLayout.Floats type -> floats(values, type.bitWidth());
      case ColumnLayout.Decimals type -> decimals(values, type);
      default -> {}
    }
  }

  private void integers(ByteBuffer values, int bitWidth) {
    BigInteger most = BigInteger.ONE.shiftLeft(bitWidth - 1).subtract(BigInteger.ONE);
    for (int at = 0; at + bitWidth / Byte.SIZE <= values.limit(); at += bitWidth / Byte.SIZE) {
      switch (bitWidth) {
        case Byte.SIZE -> values.put(at, (byte) rounded(values.get(at), most));
        case Short.SIZE -> values.putShort(at, (short) rounded(values.getShort(at), most));
        case Integer.SIZE -> values.putInt(at, (int) rounded(values.getInt(at), most));
        default -> values.putLong(at, rounded(values.getLong(at), most));
      }
    }
  }

  private long rounded(long value, BigInteger most) {
    return rounded(BigDecimal.valueOf(value), new BigDecimal(most)).longValueExact();
  }

  private BigDecimal rounded(BigDecimal value, BigDecimal most) {
    BigDecimal rounded = value.divide(step, 0, RoundingMode.HALF_UP).multiply(step);
    return rounded.abs().compareTo(most) <= 0
        ? rounded
        : value.divide(step, 0, RoundingMode.DOWN).multiply(step);
  }

  private void floats(ByteBuffer values, int bitWidth) {
    if (bitWidth == Float.SIZE) {
      for (int at = 0; at + Float.BYTES <= values.limit(); at += Float.BYTES) {
        values.putFloat(at, (float) rounded(values.getFloat(at)));
      }
    } else {
      for (int at = 0; at + Double.BYTES <= values.limit(); at += Double.BYTES) {
        values.putDouble(at, rounded(values.getDouble(at)));
      }
    }
  }

  private double rounded(double value) {
    double scaled = whole ? Math.abs(value) / factor : Math.abs(value) * factor;
    if (!Double.isFinite(scaled)) {
      return value;
    }
    double near = Math.floor(scaled + 0.5);
    return Math.copySign(whole ? near * factor : near / factor, value);
  }

  private void decimals(ByteBuffer values, ColumnLayout.Decimals type) {
    BigDecimal most =
        new BigDecimal(BigInteger.TEN.pow(type.precision()).subtract(BigInteger.ONE), type.scale());
    for (int at = 0; at + DECIMAL_BYTES <= values.limit(); at += DECIMAL_BYTES) {
      BigInteger unscaled =
          BigInteger.valueOf(values.getLong(at + Long.BYTES))
              .shiftLeft(Long.SIZE)
              .add(new BigInteger(Long.toUnsignedString(values.getLong(at))));
      // A step finer than the scale divides it, so that this is exact.
      BigInteger rounded =
          rounded(new BigDecimal(unscaled, type.scale()), most)
              .setScale(type.scale())
              .unscaledValue();
      values.putLong(at, rounded.longValue());
      values.putLong(at + Long.BYTES, rounded.shiftRight(Long.SIZE).longValue());
    }
  }
}
