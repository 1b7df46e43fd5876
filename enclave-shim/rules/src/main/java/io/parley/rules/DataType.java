package io.parley.rules;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The type of a column or an expression, as far as it decides what can go wrong. Immutable.
 *
 * @param sql as DuckDB writes it
 */
public record DataType(Kind kind, String sql) {
  /** Types whose values can be compared with each other. */
  public enum Kind {
    BOOLEAN,
    INTEGER,
    FLOATING,
    DECIMAL,
    TEXT,
    DATE,
    TIMESTAMP;

    boolean isNumeric() {
      return this == INTEGER || this == FLOATING || this == DECIMAL;
    }
  }

  static final DataType BOOLEAN = new DataType(Kind.BOOLEAN, "BOOLEAN");
  static final DataType BIGINT = new DataType(Kind.INTEGER, "BIGINT");
  static final DataType HUGEINT = new DataType(Kind.INTEGER, "HUGEINT");
  static final DataType DOUBLE = new DataType(Kind.FLOATING, "DOUBLE");
  static final DataType TEXT = new DataType(Kind.TEXT, "VARCHAR");
  static final DataType DATE = new DataType(Kind.DATE, "DATE");
  static final DataType TIMESTAMP = new DataType(Kind.TIMESTAMP, "TIMESTAMP");

  private static final Pattern DECIMAL =
      Pattern.compile("DECIMAL\\(\\s*(\\d{1,2})\\s*,\\s*(\\d{1,2})\\s*\\)");

  /**
   * From a type's name in an agreement.
   *
   * @throws IllegalArgumentException when it is none
   */
  public static DataType parse(String text) {
    String sql = text.strip().toUpperCase(Locale.ROOT);
    return switch (sql) {
      case "BOOLEAN" -> BOOLEAN;
      case "TINYINT", "SMALLINT", "INTEGER", "BIGINT" -> new DataType(Kind.INTEGER, sql);
      case "FLOAT", "DOUBLE" -> new DataType(Kind.FLOATING, sql);
      case "VARCHAR" -> TEXT;
      case "DATE" -> DATE;
      case "TIMESTAMP" -> TIMESTAMP;
      default -> {
        Matcher decimal = DECIMAL.matcher(sql);
        if (!decimal.matches()) {
          throw new IllegalArgumentException("'%s' is not a column type".formatted(text));
        }
        yield decimal(Integer.parseInt(decimal.group(1)), Integer.parseInt(decimal.group(2)));
      }
    };
  }

  static DataType decimal(int precision, int scale) {
    return new DataType(Kind.DECIMAL, "DECIMAL(%d,%d)".formatted(precision, scale));
  }

  boolean isNumeric() {
    return kind.isNumeric();
  }

  int precision() {
    return part(1);
  }

  int scale() {
    return part(2);
  }

  private int part(int group) {
    Matcher decimal = DECIMAL.matcher(sql);
    return decimal.matches() ? Integer.parseInt(decimal.group(group)) : 0;
  }
}
