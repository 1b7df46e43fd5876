package io.parley.apps.modelling;

import io.parley.sdk.Dataset;
import io.parley.sdk.Keys;
import io.parley.sdk.Row;
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

  static Table read(Dataset dataset, List<String> wanted, List<String> on) {
    Map<String, Column> columns = new LinkedHashMap<>();
    for (String column : wanted) {
      columns.put(column, new Column(column));
    }
    List<@Nullable Object> keys = new ArrayList<>();
    dataset.forEachRow(row -> {
      keys.add(key(row, on, keys.size()));
      columns.values().forEach(column -> column.add(row));
    });
    return new Table(dataset.name(), keys, columns);
  }

  private static @Nullable Object key(Row row, List<String> on, int index) {
    if (on.isEmpty()) {
      // Nothing to join: every row matches itself.
      return (long) index;
    }
    return Keys.of(row, on);
  }
}
