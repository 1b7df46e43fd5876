package io.parley.apps.modelling;

import io.parley.sdk.AppException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The inner join of all tables on their keys. A null key matches nothing. A key may repeat in one
 * table; were it to repeat in two, rows would multiply and every standard error would be wrong, so
 * that is refused.
 */
final class KeyJoin {
  private final List<Table> tables;
  private final int driver;
  private final List<Map<Object, Integer>> indices = new ArrayList<>();

  /**
   * Prepares the join.
   *
   * @throws AppException DUPLICATE_KEYS, KEY_TYPES_DIFFER
   */
  KeyJoin(List<Table> tables) {
    this.tables = List.copyOf(tables);
    checkKeyTypes();
    driver = findDriver();
    for (int t = 0; t < tables.size(); t++) {
      indices.add(t == driver ? Map.of() : index(tables.get(t)));
    }
  }

  /** Gives every match, in the row order of the table whose keys repeat, else of the first. */
  void forEachMatch(Frame.Match match) {
    List<@Nullable Object> keys = tables.get(driver).keys();
    int[] rows = new int[tables.size()];
    for (int i = 0; i < keys.size(); i++) {
      Object key = keys.get(i);
      rows[driver] = i;
      if (key != null && find(key, rows)) {
        match.accept(rows);
      }
    }
  }

  private boolean find(Object key, int[] rows) {
    for (int t = 0; t < rows.length; t++) {
      if (t != driver) {
        Integer row = indices.get(t).get(key);
        if (row == null) {
          return false;
        }
        rows[t] = row;
      }
    }
    return true;
  }

  private int findDriver() {
    List<Integer> repeating = new ArrayList<>();
    for (int t = 0; t < tables.size(); t++) {
      if (repeats(tables.get(t))) {
        repeating.add(t);
      }
    }
    if (repeating.size() > 1) {
      List<String> names = repeating.stream().map(t -> tables.get(t).name()).toList();
      throw new AppException(
          "DUPLICATE_KEYS",
          "keys repeat in datasets %s; they may repeat in one dataset only".formatted(names),
          Map.of("datasets", names.toString()));
    }
    return repeating.isEmpty() ? 0 : repeating.getFirst();
  }

  private static boolean repeats(Table table) {
    Set<Object> seen = new HashSet<>();
    for (Object key : table.keys()) {
      if (key != null && !seen.add(key)) {
        return true;
      }
    }
    return false;
  }

  private static Map<Object, Integer> index(Table table) {
    Map<Object, Integer> index = HashMap.newHashMap(table.keys().size());
    for (int i = 0; i < table.keys().size(); i++) {
      Object key = table.keys().get(i);
      if (key != null) {
        index.put(key, i);
      }
    }
    return index;
  }

  /** A number never equals a text: without this, such a join would be empty without a word. */
  private void checkKeyTypes() {
    Map<String, List<String>> types = new HashMap<>();
    for (Table table : tables) {
      for (Object key : table.keys()) {
        if (key != null) {
          types.computeIfAbsent(type(key), t -> new ArrayList<>()).add(table.name());
          break;
        }
      }
    }
    if (types.size() > 1) {
      throw new AppException(
          "KEY_TYPES_DIFFER",
          "the key columns have different types: %s".formatted(types),
          Map.of("types", types.toString()));
    }
  }

  private static String type(Object key) {
    return key instanceof List<?> parts
        ? parts.stream().map(KeyJoin::type).toList().toString()
        : key.getClass().getSimpleName();
  }
}
