package io.parley.apps.modelling;

import io.parley.sdk.AppException;
import io.parley.sdk.Row;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A column of the model: numbers, or texts as indices of their distinct values. Booleans are 0 and
 * 1.
 */
final class Column {
  /** More distinct texts than this are names, not categories. */
  static final int MAX_LEVELS = 200;

  private final String name;
  private final BitSet nulls = new BitSet();
  private final Map<String, Integer> codes = new HashMap<>();
  private final List<String> levels = new ArrayList<>();
  private double[] values = new double[1024];
  private int size;

  Column(String name) {
    this.name = name;
  }

  void add(Row row) {
    if (size == values.length) {
      values = Arrays.copyOf(values, Math.multiplyExact(2, size));
    }
    switch (row.get(name)) {
      case null -> nulls.set(size);
      case Number number -> values[size] = finite(number.doubleValue());
      case Boolean yes -> values[size] = yes ? 1 : 0;
      case String text -> values[size] = code(text);
      default ->
          throw wrong("column '%s' is neither a number nor a boolean nor text", "WRONG_TYPE");
    }
    size++;
  }

  boolean isNull(int row) {
    return nulls.get(row);
  }

  /** The number, or the index of the text in {@link #levels}. */
  double value(int row) {
    return values[row];
  }

  /** Distinct texts in the order they came; empty when the column holds numbers. A live view. */
  List<String> levels() {
    return Collections.unmodifiableList(levels);
  }

  private int code(String text) {
    Integer code = codes.get(text);
    if (code != null) {
      return code;
    }
    if (levels.size() == MAX_LEVELS) {
      throw wrong(
          "column '%s' has more than " + MAX_LEVELS + " distinct texts; it is no category",
          "TOO_MANY_LEVELS");
    }
    codes.put(text, levels.size());
    levels.add(text);
    return levels.size() - 1;
  }

  private double finite(double value) {
    if (!Double.isFinite(value)) {
      throw wrong("column '%s' holds NaN or infinity; use null for what is missing", "NOT_FINITE");
    }
    return value;
  }

  private AppException wrong(String message, String reason) {
    return new AppException(reason, message.formatted(name), Map.of("column", name));
  }
}
