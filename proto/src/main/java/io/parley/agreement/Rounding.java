package io.parley.agreement;

import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import io.parley.wire.Suggestions;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.List;
import java.util.Map;

/**
 * What a number is rounded to a multiple of: 1, 2 or 5 times a power of ten, because only of those
 * (and their inverses) a binary number can hold enough. Halves go away from zero. Immutable.
 */
public record Rounding(BigDecimal step) {
  /** In place of a column: all columns of numbers that are not named. */
  public static final String ALL = "*";

  private static final int EXPONENT_MAX = 9;
  private static final List<BigInteger> DIGITS =
      List.of(BigInteger.ONE, BigInteger.TWO, BigInteger.valueOf(5));

  /**
   * @throws RefusedException INVALID_AGREEMENT when it is no such step
   */
  public Rounding {
    step = step.stripTrailingZeros();
    if (!DIGITS.contains(step.unscaledValue()) || Math.abs(step.scale()) > EXPONENT_MAX) {
      throw refused(step.toString());
    }
  }

  /**
   * From text such as {@code 0.01} or {@code 50}.
   *
   * @throws RefusedException INVALID_AGREEMENT when it is no such step
   */
  public static Rounding parse(String text) {
    if (!text.matches("[0-9]{1,12}(\\.[0-9]{1,12})?")) {
      throw refused(text);
    }
    return new Rounding(new BigDecimal(text));
  }

  private static RefusedException refused(String text) {
    return new RefusedException(
        Reason.INVALID_AGREEMENT,
        "'%s' is nothing to round to; expected 1, 2 or 5 times a power of ten from 1e-9 to 1e9, such as 0.01, 5 or 100"
            .formatted(Suggestions.shown(text)),
        Map.of("rounding", Suggestions.shown(text)));
  }

  /** The one spelling. */
  public String text() {
    return step.toPlainString();
  }
}
