package io.parley.apps.regression;

import io.parley.sdk.AppException;
import io.parley.sdk.Dataset;
import io.parley.sdk.Row;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What the model needs of one dataset, in memory.
 *
 * @param keys per row: a Long, String or LocalDate, a list of them, or null where a key column is
 *     null
 */
record Table(String name, List<@Nullable Object> keys, Map<String, Column> columns) {

  static Table read(Dataset dataset, Model model) {
    Map<String, Column> columns = new LinkedHashMap<>();
    for (String column : model.columnsOf(dataset.name())) {
      columns.put(column, new Column(column));
    }
    List<@Nullable Object> keys = new ArrayList<>();
    dataset.forEachRow(row -> {
      keys.add(key(row, model.on(), keys.size()));
      columns.values().forEach(column -> column.add(row));
    });
    return new Table(dataset.name(), keys, columns);
  }

  private static @Nullable Object key(Row row, List<String> on, int index) {
    if (on.isEmpty()) {
      // Nothing to join: every row matches itself.
      return (long) index;
    }
    List<Object> parts = new ArrayList<>(on.size());
    for (String column : on) {
      Object part = part(column, row.get(column));
      if (part == null) {
        return null;
      }
      parts.add(part);
    }
    return parts.size() == 1 ? parts.getFirst() : List.copyOf(parts);
  }

  /** Whole numbers of any width are equal when their values are. */
  private static @Nullable Object part(String column, @Nullable Object value) {
    return switch (value) {
      case null -> null;
      case Long n -> n;
      case Integer n -> n.longValue();
      case Short n -> n.longValue();
      case Byte n -> n.longValue();
      case String text -> text;
      case LocalDate date -> date;
      default ->
          throw new AppException(
              "INVALID_PARAMETER",
              "key column '%s' has values of type %s; expected whole numbers, text or dates"
                  .formatted(column, value.getClass().getSimpleName()),
              Map.of("column", column));
    };
  }
}
