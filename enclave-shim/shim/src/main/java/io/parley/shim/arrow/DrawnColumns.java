package io.parley.shim.arrow;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.random.RandomGenerator;

/**
 * Passes batches on with drawn values in some of their columns, and all others as they are. Not
 * thread-safe.
 */
public final class DrawnColumns implements BatchSink {
  private final TableSchema schema;
  private final Set<String> names;
  private final RandomGenerator random;
  private final BatchSink next;

  /**
   * @param schema of the batches
   * @param names of the columns whose values are drawn
   */
  public DrawnColumns(
      TableSchema schema, Set<String> names, RandomGenerator random, BatchSink next) {
    this.schema = schema;
    this.names = Set.copyOf(names);
    this.random = random;
    this.next = next;
  }

  @Override
  public void accept(CheckedBatch batch) {
    List<DrawnColumn.Buffers> columns = new ArrayList<>();
    int at = 0;
    for (int i = 0; i < schema.entries().size(); i++) {
      TableSchema.Entry entry = schema.entries().get(i);
      int end = at + entry.layout().bufferCount();
      var column = new DrawnColumn.Buffers(batch.nullCount(i), batch.buffers().subList(at, end));
      columns.add(
          names.contains(entry.name()) && batch.rows() > 0
              ? new DrawnColumn(entry, batch.rows(), column, random).draw()
              : column);
      at = end;
    }
    next.accept(
        batch.with(
            columns.stream().mapToLong(DrawnColumn.Buffers::nulls).toArray(),
            columns.stream().flatMap(column -> column.buffers().stream()).toList()));
  }
}
