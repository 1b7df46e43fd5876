package io.parley.rules;

import java.math.BigDecimal;
import java.math.BigInteger;

/**
 * An aggregate rounded to a multiple of a step; wherever it stands, so that nothing finer shows.
 */
final class Rounded {
  private Rounded() {}

  static String sql(String aggregate, DataType type, BigDecimal step) {
    boolean whole = step.compareTo(BigDecimal.ONE) >= 0;
    if (type.kind() == DataType.Kind.INTEGER && step.compareTo(BigDecimal.ONE) <= 0) {
      return aggregate;
    }
    // Below one the inverse is a whole number, which a double can hold and the step is not.
    String factor =
        whole
            ? step.toPlainString()
            : BigDecimal.ONE.divide(step).toBigIntegerExact().max(BigInteger.ONE).toString();
    String rounded =
        whole
            ? "(round(CAST(%s AS DOUBLE) / CAST('%s' AS DOUBLE)) * CAST('%s' AS DOUBLE))"
                .formatted(aggregate, factor, factor)
            : "(round(CAST(%s AS DOUBLE) * CAST('%s' AS DOUBLE)) / CAST('%s' AS DOUBLE))"
                .formatted(aggregate, factor, factor);
    return type.kind() == DataType.Kind.INTEGER
        ? "CAST(%s AS %s)".formatted(rounded, type.equals(DataType.HUGEINT) ? "HUGEINT" : "BIGINT")
        : rounded;
  }
}
