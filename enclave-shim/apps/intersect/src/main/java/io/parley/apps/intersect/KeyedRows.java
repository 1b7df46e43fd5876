package io.parley.apps.intersect;

import io.parley.sdk.Dataset;
import io.parley.sdk.Keys;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The rows of one dataset whose key may be in the intersection, by key: payload values, as often as
 * the key comes.
 */
final class KeyedRows {
  private final Map<Object, List<@Nullable Object[]>> rows;

  private KeyedRows(Map<Object, List<@Nullable Object[]>> rows) {
    this.rows = rows;
  }

  /**
   * Reads.
   *
   * @param candidates only these keys; null for all
   */
  static KeyedRows read(
      Dataset dataset,
      List<String> on,
      List<Plan.Payload> payload,
      @Nullable Set<Object> candidates) {
    Map<Object, List<@Nullable Object[]>> rows = new HashMap<>();
    dataset.forEachRow(row -> {
      Object key = Keys.of(row, on);
      if (key == null || candidates != null && !candidates.contains(key)) {
        return;
      }
      List<@Nullable Object[]> same = rows.computeIfAbsent(key, k -> new ArrayList<>(1));
      if (!payload.isEmpty()) {
        @Nullable Object[] values = new @Nullable Object[payload.size()];
        for (int i = 0; i < values.length; i++) {
          values[i] = row.get(payload.get(i).column());
        }
        same.add(values);
      } else if (same.isEmpty()) {
        same.add(new @Nullable Object[0]);
      }
    });
    return new KeyedRows(rows);
  }

  /** Distinct keys. */
  Set<Object> keys() {
    return rows.keySet();
  }

  /** The rows of a key that is there. */
  List<@Nullable Object[]> rows(Object key) {
    return Objects.requireNonNull(rows.get(key), "key");
  }
}
