package io.parley.sdk;

import java.math.BigDecimal;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Keys that rows of different datasets are joined by: values with {@code equals}, {@code hashCode}
 * and an order, equal where SQL calls the columns equal. Whole numbers and decimals are equal when
 * their values are, whatever their widths and scales; a number never equals a text.
 */
public final class Keys {
  private Keys() {}

  /**
   * The row's key over these columns; null when one of them is null, for a null equals nothing. One
   * column gives the value itself, several a list.
   *
   * @throws AppException INVALID_PARAMETER for a column of floating point numbers, whose equality
   *     means little
   */
  public static @Nullable Object of(Row row, List<String> columns) {
    if (columns.size() == 1) {
      return part(columns.getFirst(), row.get(columns.getFirst()));
    }
    List<Object> parts = new ArrayList<>(columns.size());
    for (String column : columns) {
      Object part = part(column, row.get(column));
      if (part == null) {
        return null;
      }
      parts.add(part);
    }
    return List.copyOf(parts);
  }

  /** Orders keys of one kind: numbers by value, texts by code point, parts from left to right. */
  public static int compare(Object a, Object b) {
    if (a instanceof List<?> left && b instanceof List<?> right) {
      for (int i = 0; i < Math.min(left.size(), right.size()); i++) {
        int order = compare(left.get(i), right.get(i));
        if (order != 0) {
          return order;
        }
      }
      return Integer.compare(left.size(), right.size());
    }
    return switch (a) {
      case Number number -> decimal(number).compareTo(decimal((Number) b));
      case Boolean yes -> yes.compareTo((Boolean) b);
      case LocalDate date -> date.compareTo((LocalDate) b);
      case LocalDateTime time -> time.compareTo((LocalDateTime) b);
      default -> codePoints(a.toString(), b.toString());
    };
  }

  private static BigDecimal decimal(Number number) {
    return number instanceof BigDecimal decimal ? decimal : BigDecimal.valueOf(number.longValue());
  }

  /** UTF-16 units sort surrogates before some characters that come after. */
  private static int codePoints(String a, String b) {
    int i = 0;
    while (i < a.length() && i < b.length()) {
      int left = a.codePointAt(i);
      int right = b.codePointAt(i);
      if (left != right) {
        return Integer.compare(left, right);
      }
      i += Character.charCount(left);
    }
    return Integer.compare(a.length(), b.length());
  }

  private static @Nullable Object part(String column, @Nullable Object value) {
    return switch (value) {
      case null -> null;
      case Long n -> n;
      case Integer n -> n.longValue();
      case Short n -> n.longValue();
      case Byte n -> n.longValue();
      case BigDecimal n -> number(n);
      case String text -> text;
      case Boolean yes -> yes;
      case LocalDate date -> date;
      case LocalDateTime time -> time;
      default ->
          throw new AppException(
              "INVALID_PARAMETER",
              "key column '%s' has values of type %s; expected whole numbers, decimals, text, booleans, dates or timestamps"
                  .formatted(column, value.getClass().getSimpleName()),
              Map.of("column", column));
    };
  }

  private static Object number(BigDecimal value) {
    BigDecimal stripped = value.stripTrailingZeros();
    boolean whole = stripped.scale() <= 0 && stripped.precision() - stripped.scale() <= 18;
    return whole ? (Object) stripped.longValueExact() : stripped;
  }
}
