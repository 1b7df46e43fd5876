package io.parley.sdk;

import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.concurrent.TimeUnit;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.BitVector;
import org.apache.arrow.vector.DateDayVector;
import org.apache.arrow.vector.DecimalVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.Float4Vector;
import org.apache.arrow.vector.Float8Vector;
import org.apache.arrow.vector.IntVector;
import org.apache.arrow.vector.SmallIntVector;
import org.apache.arrow.vector.TimeStampMicroVector;
import org.apache.arrow.vector.TinyIntVector;
import org.apache.arrow.vector.VarCharVector;
import org.jspecify.annotations.Nullable;

/** Arrow cells as Java values and back, for the types that an agreement's columns can have. */
final class Cells {
  private static final long MICROS = TimeUnit.SECONDS.toMicros(1);

  private Cells() {}

  static @Nullable Object get(FieldVector vector, int row) {
    if (vector.isNull(row)) {
      return null;
    }
    return switch (vector) {
      case BigIntVector v -> v.get(row);
      case IntVector v -> v.get(row);
      case SmallIntVector v -> v.get(row);
      case TinyIntVector v -> v.get(row);
      case Float8Vector v -> v.get(row);
      case Float4Vector v -> v.get(row);
      case BitVector v -> v.get(row) != 0;
      case DecimalVector v -> v.getObject(row);
      case VarCharVector v -> new String(v.get(row), StandardCharsets.UTF_8);
      case DateDayVector v -> LocalDate.ofEpochDay(v.get(row));
      case TimeStampMicroVector v -> timestamp(v.get(row));
      default -> throw unsupported(vector);
    };
  }

  static void set(FieldVector vector, int row, @Nullable Object value) {
    if (value == null) {
      vector.setNull(row);
      return;
    }
    switch (vector) {
      case BigIntVector v -> v.setSafe(row, ((Number) value).longValue());
      case IntVector v -> v.setSafe(row, Math.toIntExact(((Number) value).longValue()));
      case SmallIntVector v -> v.setSafe(row, ((Number) value).shortValue());
      case TinyIntVector v -> v.setSafe(row, ((Number) value).byteValue());
      case Float8Vector v -> v.setSafe(row, ((Number) value).doubleValue());
      case Float4Vector v -> v.setSafe(row, ((Number) value).floatValue());
      case BitVector v -> v.setSafe(row, (Boolean) value ? 1 : 0);
      case DecimalVector v -> v.setSafe(row, ((BigDecimal) value).setScale(v.getScale()));
      case VarCharVector v -> v.setSafe(row, value.toString().getBytes(StandardCharsets.UTF_8));
      case DateDayVector v -> v.setSafe(row, Math.toIntExact(((LocalDate) value).toEpochDay()));
      case TimeStampMicroVector v -> v.setSafe(row, micros((LocalDateTime) value));
      default -> throw unsupported(vector);
    }
  }

  private static LocalDateTime timestamp(long micros) {
    return LocalDateTime.ofEpochSecond(
        Math.floorDiv(micros, MICROS),
        Math.toIntExact(TimeUnit.MICROSECONDS.toNanos(Math.floorMod(micros, MICROS))),
        ZoneOffset.UTC);
  }

  private static long micros(LocalDateTime value) {
    Instant instant = value.toInstant(ZoneOffset.UTC);
    return Math.addExact(
        Math.multiplyExact(instant.getEpochSecond(), MICROS),
        TimeUnit.NANOSECONDS.toMicros(instant.getNano()));
  }

  private static AppException unsupported(FieldVector vector) {
    String type = vector.getField().getType().toString();
    return new AppException(
        "WRONG_TYPE",
        "column '%s' has type %s, which columns cannot have".formatted(vector.getName(), type),
        java.util.Map.of("column", vector.getName(), "type", type));
  }
}
