package io.parley.sdk;

import java.math.BigDecimal;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.jspecify.annotations.Nullable;

/**
 * The current row of a {@link Dataset}; moves on by itself, so do not keep it.
 *
 * <p>The typed getters take a column of their own kind (whole numbers widen to long, any number to
 * double) and a value that is not null: ask {@link #isNull} first.
 */
public final class Row {
  private final Map<String, FieldVector> columns = new LinkedHashMap<>();
  private int index;

  Row(VectorSchemaRoot root) {
    for (FieldVector vector : root.getFieldVectors()) {
      columns.put(vector.getName(), vector);
    }
  }

  void moveTo(int row) {
    index = row;
  }

  public boolean isNull(String column) {
    return vector(column).isNull(index);
  }

  /** A boxed number, Boolean, BigDecimal, String, LocalDate or LocalDateTime. */
  public @Nullable Object get(String column) {
    return Cells.get(vector(column), index);
  }

  public boolean getBoolean(String column) {
    return value(column, Boolean.class);
  }

  /** From any whole number. */
  public long getLong(String column) {
    Number number = value(column, Number.class);
    if (number instanceof Double || number instanceof Float || number instanceof BigDecimal) {
      throw wrongType(column, "a whole number");
    }
    return number.longValue();
  }

  /** From any number. */
  public double getDouble(String column) {
    return value(column, Number.class).doubleValue();
  }

  public BigDecimal getDecimal(String column) {
    return value(column, BigDecimal.class);
  }

  public String getText(String column) {
    return value(column, String.class);
  }

  public LocalDate getDate(String column) {
    return value(column, LocalDate.class);
  }

  public LocalDateTime getTimestamp(String column) {
    return value(column, LocalDateTime.class);
  }

  private <T> T value(String column, Class<T> type) {
    Object value = get(column);
    if (value == null) {
      throw new AppException(
          "NULL_VALUE",
          "column '%s' holds a null where the app needs a value".formatted(column),
          Map.of("column", column));
    }
    if (!type.isInstance(value)) {
      throw wrongType(column, type.getSimpleName());
    }
    return type.cast(value);
  }

  private AppException wrongType(String column, String wanted) {
    String type = vector(column).getField().getType().toString();
    return new AppException(
        "WRONG_TYPE",
        "column '%s' is %s; the app needs %s".formatted(column, type, wanted),
        Map.of("column", column, "type", type));
  }

  private FieldVector vector(String column) {
    FieldVector vector = columns.get(column);
    if (vector == null) {
      throw new AppException(
          "COLUMN_NOT_FOUND",
          "there is no column '%s'; there are %s".formatted(column, columns.keySet()),
          Map.of("column", column));
    }
    return Objects.requireNonNull(vector);
  }
}
