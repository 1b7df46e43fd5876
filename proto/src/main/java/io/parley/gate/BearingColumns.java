package io.parley.gate;

import io.parley.agreement.Column;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Which columns may bear on an app's results. Immutable.
 *
 * @param byTable of the tables that are looked at; of any other every column may
 */
public record BearingColumns(SortedMap<String, SortedSet<String>> byTable) {
  /** Every column of every table. */
  public static final BearingColumns ANY = new BearingColumns(new TreeMap<>());

  public BearingColumns {
    SortedMap<String, SortedSet<String>> copy = new TreeMap<>();
    byTable.forEach((table, columns) ->
        copy.put(table, Collections.unmodifiableSortedSet(new TreeSet<>(columns))));
    byTable = Collections.unmodifiableSortedMap(copy);
  }

  /**
   * Those that may not bear on the results, in table order; tables without any are left out.
   *
   * @param inputs all columns, by table
   */
  public SortedMap<String, List<String>> others(SortedMap<String, List<Column>> inputs) {
    SortedMap<String, List<String>> others = new TreeMap<>();
    byTable.forEach((table, bearing) -> {
      List<String> left =
          inputs.getOrDefault(table, List.of()).stream()
              .map(Column::name)
              .filter(name -> !bearing.contains(name))
              .toList();
      if (!left.isEmpty()) {
        others.put(table, left);
      }
    });
    return others;
  }

  List<io.parley.proto.enclave.v1.BearingColumns> toMessages() {
    return byTable.entrySet().stream()
        .map(table ->
            io.parley.proto.enclave.v1.BearingColumns.newBuilder()
                .setDataset(table.getKey())
                .addAllColumns(table.getValue())
                .build())
        .toList();
  }

  static BearingColumns fromMessages(List<io.parley.proto.enclave.v1.BearingColumns> messages) {
    SortedMap<String, SortedSet<String>> byTable = new TreeMap<>();
    // What is not sorted, or comes twice, has other bytes when it is written again.
    messages.forEach(
        message -> byTable.put(message.getDataset(), new TreeSet<>(message.getColumnsList())));
    return new BearingColumns(byTable);
  }
}
