package io.parley.shim.gate;

import io.parley.agreement.ColumnType;
import java.math.BigDecimal;
import java.time.DateTimeException;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.util.Locale;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;

/** How the cells of a column are written as text, so that equal values have equal texts. */
enum CellForm {
  TRUTH,
  NUMBER,
  SINGLE,
  REAL,
  DATE,
  TIMESTAMP,
  /** Of a table with types. */
  TEXT,
  /** Of a CSV file: everything is text, and no text is the same as a null. */
  CSV,
  /** A JSON value: texts are in quotes, numbers are not. */
  JSON;

  private static final int NUMBER_CHARS_MAX = 400;

  static CellForm of(ColumnType type) {
    return switch (type) {
      case ColumnType.Decimal _ -> NUMBER;
      case ColumnType.Plain plain ->
          switch (plain) {
            case BOOLEAN -> TRUTH;
            case TINYINT, SMALLINT, INTEGER, BIGINT -> NUMBER;
            case FLOAT -> SINGLE;
            case DOUBLE -> REAL;
            case VARCHAR -> TEXT;
            case DATE -> DATE;
            case TIMESTAMP -> TIMESTAMP;
          };
    };
  }

  /** A value of a typed column, as its text. */
  static @Nullable String text(@Nullable Object cell) {
    return switch (cell) {
      case null -> null;
      case BigDecimal number -> bare(number);
      default -> cell.toString();
    };
  }

  /** The one text for what somebody wrote; one that is no value of this form stays as it is. */
  @Nullable String canonical(@Nullable String written) {
    if (written == null) {
      return this == CSV ? "" : null;
    }
    try {
      return switch (this) {
        case TRUTH -> written.strip().toLowerCase(Locale.ROOT);
        case NUMBER -> number(written.strip());
        case SINGLE -> Float.toString(Float.parseFloat(real(written)));
        case REAL -> Double.toString(Double.parseDouble(real(written)));
        case DATE -> LocalDate.parse(written.strip()).toString();
        case TIMESTAMP -> LocalDateTime.parse(written.strip().replace(' ', 'T')).toString();
        case TEXT, CSV -> written;
        case JSON -> json(written);
      };
    } catch (NumberFormatException | DateTimeException e) {
      return written;
    }
  }

  /** The number that a text of this form is, if it is one. */
  OptionalDouble asNumber(@Nullable String text) {
    if (text == null || text.length() > NUMBER_CHARS_MAX) {
      return OptionalDouble.empty();
    }
    try {
      return switch (this) {
        case NUMBER, SINGLE, REAL, CSV, JSON -> OptionalDouble.of(Double.parseDouble(real(text)));
        case TRUTH, DATE, TIMESTAMP, TEXT -> OptionalDouble.empty();
      };
    } catch (NumberFormatException e) {
      return OptionalDouble.empty();
    }
  }

  private static String json(String written) {
    return written.matches("-?[0-9].*") ? number(written) : written;
  }

  private static String number(String written) {
    if (written.length() > NUMBER_CHARS_MAX) {
      throw new NumberFormatException();
    }
    return bare(new BigDecimal(written));
  }

  /** Never in full: an exponent can stand for more digits than there is memory. */
  private static String bare(BigDecimal number) {
    return number.signum() == 0 ? "0" : number.stripTrailingZeros().toString();
  }

  /** As programs write what is no finite number. */
  private static String real(String written) {
    String text = written.strip();
    return switch (text.toLowerCase(Locale.ROOT)) {
      case "nan" -> "NaN";
      case "inf", "infinity", "+inf" -> "Infinity";
      case "-inf", "-infinity" -> "-Infinity";
      // Java would take 0x1p3, 1d and 1f too.
      default -> {
        if (!text.matches("[-+]?[0-9.]+([eE][-+]?[0-9]+)?")) {
          throw new NumberFormatException();
        }
        yield text;
      }
    };
  }
}
