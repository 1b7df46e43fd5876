package io.parley.sdk;

import java.util.List;
import org.apache.arrow.vector.types.DateUnit;
import org.apache.arrow.vector.types.FloatingPointPrecision;
import org.apache.arrow.vector.types.TimeUnit;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.apache.arrow.vector.types.pojo.Schema;

/** The column types of agreements as Arrow fields. All may hold nulls. */
public final class Fields {
  private Fields() {}

  /** A schema of these columns. */
  public static Schema schema(Field... fields) {
    return new Schema(List.of(fields));
  }

  public static Field bool(String name) {
    return field(name, ArrowType.Bool.INSTANCE);
  }

  public static Field tinyint(String name) {
    return field(name, new ArrowType.Int(Byte.SIZE, true));
  }

  public static Field smallint(String name) {
    return field(name, new ArrowType.Int(Short.SIZE, true));
  }

  public static Field integer(String name) {
    return field(name, new ArrowType.Int(Integer.SIZE, true));
  }

  public static Field bigint(String name) {
    return field(name, new ArrowType.Int(Long.SIZE, true));
  }

  public static Field float4(String name) {
    return field(name, new ArrowType.FloatingPoint(FloatingPointPrecision.SINGLE));
  }

  public static Field float8(String name) {
    return field(name, new ArrowType.FloatingPoint(FloatingPointPrecision.DOUBLE));
  }

  /** At most 38 digits, {@code scale} of them behind the point. */
  public static Field decimal(String name, int precision, int scale) {
    return field(name, new ArrowType.Decimal(precision, scale, 128));
  }

  public static Field varchar(String name) {
    return field(name, ArrowType.Utf8.INSTANCE);
  }

  public static Field date(String name) {
    return field(name, new ArrowType.Date(DateUnit.DAY));
  }

  /** Microseconds, no time zone. */
  public static Field timestamp(String name) {
    return field(name, new ArrowType.Timestamp(TimeUnit.MICROSECOND, null));
  }

  private static Field field(String name, ArrowType type) {
    return new Field(name, FieldType.nullable(type), null);
  }
}
