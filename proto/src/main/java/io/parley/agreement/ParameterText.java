package io.parley.agreement;

import io.parley.wire.Problems;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.DateTimeException;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Values of free parameters: text that must be of its type, in the one way each is written. */
final class ParameterText {
  private static final Pattern INTEGER = Pattern.compile("-?[0-9]{1,19}");
  private static final Pattern DECIMAL = Pattern.compile("-?([0-9]{1,38})(?:\\.([0-9]{1,38}))?");
  private static final Pattern FLOATING =
      Pattern.compile("-?[0-9]{1,40}(\\.[0-9]{1,40})?([eE][+-]?[0-9]{1,3})?");
  private static final Pattern DATE = Pattern.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}");
  private static final Pattern TIMESTAMP =
      Pattern.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]{1,6})?");

  private ParameterText() {}

  /** Takes the parameter's value out of {@code left}, and tells what is wrong with it. */
  static void check(Problems problems, Parameter parameter, Map<String, String> left) {
    @Nullable String value = left.remove(parameter.name());
    switch (parameter) {
      case Parameter.Fixed fixed ->
          problems.check(
              value == null, fixed.name(), "is fixed by the agreement; leave it out of the job");
      case Parameter.Free free -> {
        if (value == null) {
          problems.add(free.name(), "is missing; set it to a value of " + free.type().sql());
        } else {
          wrong(free, value).ifPresent(wrong -> problems.add(free.name(), wrong));
        }
      }
    }
  }

  /** What is wrong with a value; the value is not in it. */
  static Optional<String> wrong(Parameter.Free free, String value) {
    return Optional.ofNullable(problem(free.type(), value))
        .map(
            expected -> "is not a value of %s; expected %s".formatted(free.type().sql(), expected));
  }

  /** What was expected when {@code text} is no value of {@code type}; null when it is one. */
  static @Nullable String problem(ColumnType type, String text) {
    return switch (type) {
      case ColumnType.Decimal decimal -> decimal(decimal, text);
      case ColumnType.Plain plain ->
          switch (plain) {
            case BOOLEAN -> text.equals("true") || text.equals("false") ? null : "true or false";
            case TINYINT -> integer(text, 8);
            case SMALLINT -> integer(text, 16);
            case INTEGER -> integer(text, 32);
            case BIGINT -> integer(text, 64);
            case FLOAT -> floating(text, Float.MAX_VALUE);
            case DOUBLE -> floating(text, Double.MAX_VALUE);
            case VARCHAR -> null;
            case DATE -> date(text);
            case TIMESTAMP -> timestamp(text);
          };
    };
  }

  private static @Nullable String integer(String text, int bits) {
    return INTEGER.matcher(text).matches() && new BigInteger(text).bitLength() < bits
        ? null
        : "digits, from -2^%d to 2^%d - 1".formatted(bits - 1, bits - 1);
  }

  private static @Nullable String decimal(ColumnType.Decimal type, String text) {
    int whole = type.precision() - type.scale();
    if (DECIMAL.matcher(text).matches()) {
      BigDecimal value = new BigDecimal(text);
      // 1.50 fits DECIMAL(2,1); 1.55 does not: nothing is rounded.
      BigDecimal bare = value.signum() == 0 ? BigDecimal.ZERO : value.stripTrailingZeros();
      if (Math.max(bare.scale(), 0) <= type.scale() && bare.precision() - bare.scale() <= whole) {
        return null;
      }
    }
    return "at most %d digits before the point and %d after it".formatted(whole, type.scale());
  }

  private static @Nullable String floating(String text, double most) {
    return FLOATING.matcher(text).matches() && Math.abs(Double.parseDouble(text)) <= most
        ? null
        : "a finite number such as -1.5e3";
  }

  private static @Nullable String date(String text) {
    try {
      if (DATE.matcher(text).matches() && LocalDate.parse(text).getYear() > 0) {
        return null;
      }
      return "a date such as 2027-06-30";
    } catch (DateTimeException e) {
      return "a date that exists, such as 2027-06-30";
    }
  }

  private static @Nullable String timestamp(String text) {
    try {
      if (TIMESTAMP.matcher(text).matches()
          && LocalDateTime.parse(text.replace(' ', 'T')).getYear() > 0) {
        return null;
      }
      return "a timestamp such as 2027-06-30T12:00:00.5, without a zone";
    } catch (DateTimeException e) {
      return "a timestamp that exists, such as 2027-06-30T12:00:00.5";
    }
  }
}
