package io.parley.apps.sql;

import io.parley.sdk.AppException;
import java.util.Map;
import org.apache.arrow.vector.types.FloatingPointPrecision;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;

/** Names, constants and column types in DuckDB's SQL. */
final class Sql {
  private Sql() {}

  static String identifier(String name) {
    return '"' + withoutNul(name).replace("\"", "\"\"") + '"';
  }

  /** A string constant: DuckDB knows no escapes between plain quotes but the doubled quote. */
  static String literal(String value) {
    return '\'' + withoutNul(value).replace("'", "''") + '\'';
  }

  /** The column type that holds every value of an Arrow field. */
  static String type(Field field) {
    return switch (field.getType()) {
      case ArrowType.Bool _ -> "BOOLEAN";
      case ArrowType.Int type when type.getIsSigned() -> integer(type.getBitWidth());
      case ArrowType.FloatingPoint type when type.getPrecision() == FloatingPointPrecision.SINGLE ->
          "FLOAT";
      case ArrowType.FloatingPoint type when type.getPrecision() == FloatingPointPrecision.DOUBLE ->
          "DOUBLE";
      case ArrowType.Decimal type ->
          "DECIMAL(%d, %d)".formatted(type.getPrecision(), type.getScale());
      case ArrowType.Utf8 _ -> "VARCHAR";
      case ArrowType.Date _ -> "DATE";
      case ArrowType.Timestamp type when type.getTimezone() == null -> "TIMESTAMP";
      default -> throw unsupported(field);
    };
  }

  private static String integer(int bits) {
    return switch (bits) {
      case Byte.SIZE -> "TINYINT";
      case Short.SIZE -> "SMALLINT";
      case Integer.SIZE -> "INTEGER";
      default -> "BIGINT";
    };
  }

  private static AppException unsupported(Field field) {
    String type = field.getType().toString();
    return new AppException(
        "INVALID_DATASET",
        "column '%s' has type %s, which columns of a dataset cannot have"
            .formatted(field.getName(), type),
        Map.of("column", field.getName(), "type", type));
  }

  private static String withoutNul(String text) {
    if (text.indexOf('\0') >= 0) {
      throw new AppException("INVALID_PARAMETER", "a name or value holds a NUL character");
    }
    return text;
  }
}
