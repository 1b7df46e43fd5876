package io.parley.agreement;

import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import io.parley.wire.Suggestions;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The type of a column or of a free parameter. A closed set; immutable. */
public sealed interface ColumnType {
  ColumnType BOOLEAN = Plain.BOOLEAN;
  ColumnType TINYINT = Plain.TINYINT;
  ColumnType SMALLINT = Plain.SMALLINT;
  ColumnType INTEGER = Plain.INTEGER;
  ColumnType BIGINT = Plain.BIGINT;
  ColumnType FLOAT = Plain.FLOAT;
  ColumnType DOUBLE = Plain.DOUBLE;
  ColumnType VARCHAR = Plain.VARCHAR;
  ColumnType DATE = Plain.DATE;
  ColumnType TIMESTAMP = Plain.TIMESTAMP;

  /** As SQL writes it, in the one spelling that stands in signed bytes. */
  String sql();

  /** The types without arguments. TIMESTAMP has microseconds and no zone; VARCHAR is UTF-8. */
  enum Plain implements ColumnType {
    BOOLEAN,
    TINYINT,
    SMALLINT,
    INTEGER,
    BIGINT,
    FLOAT,
    DOUBLE,
    VARCHAR,
    DATE,
    TIMESTAMP;

    @Override
    public String sql() {
      return name();
    }
  }

  /** Exact decimals: {@code precision} digits, {@code scale} of them after the point. */
  record Decimal(int precision, int scale) implements ColumnType {
    /** What 128 bits hold. */
    public static final int MAX_PRECISION = 38;

    private static final Pattern TEXT =
        Pattern.compile("DECIMAL\\s*\\(\\s*(\\d{1,2})\\s*,\\s*(\\d{1,2})\\s*\\)");

    public Decimal {
      if (precision < 1 || precision > MAX_PRECISION || scale < 0 || scale > precision) {
        throw new RefusedException(
            Reason.INVALID_AGREEMENT,
            "DECIMAL(%d,%d): precision must be 1 to %d, and scale 0 to precision"
                .formatted(precision, scale, MAX_PRECISION),
            Map.of());
      }
    }

    @Override
    public String sql() {
      return "DECIMAL(%d,%d)".formatted(precision, scale);
    }

    @Override
    public String toString() {
      return sql();
    }
  }

  /** {@code DECIMAL(precision,scale)}. */
  static ColumnType decimal(int precision, int scale) {
    return new Decimal(precision, scale);
  }

  /**
   * From text, in any case.
   *
   * @throws RefusedException INVALID_AGREEMENT when there is no such type; the message names one
   *     that may have been meant
   */
  static ColumnType parse(String text) {
    String upper = text.strip().toUpperCase(Locale.ROOT);
    for (Plain plain : Plain.values()) {
      if (plain.sql().equals(upper)) {
        return plain;
      }
    }
    Matcher decimal = Decimal.TEXT.matcher(upper);
    if (decimal.matches()) {
      return new Decimal(Integer.parseInt(decimal.group(1)), Integer.parseInt(decimal.group(2)));
    }
    throw new RefusedException(
        Reason.INVALID_AGREEMENT,
        "'%s' is not a column type%s"
            .formatted(Suggestions.shown(text), TypeNames.suggestion(upper)),
        Map.of("type", Suggestions.shown(text)));
  }
}
