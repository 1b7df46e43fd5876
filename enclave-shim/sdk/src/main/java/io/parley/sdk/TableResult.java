package io.parley.sdk;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.types.pojo.Schema;
import org.jspecify.annotations.Nullable;

/** A result written row by row. Complete only after {@link #close}. */
public final class TableResult implements AutoCloseable {
  private static final int BATCH_ROWS = 1 << 16;

  private final VectorSchemaRoot root;
  private final ArrowResult arrow;
  private int rows;

  TableResult(Path file, Schema schema, BufferAllocator allocator) throws IOException {
    root = VectorSchemaRoot.create(schema, allocator);
    root.allocateNew();
    arrow = new ArrowResult(file, root);
  }

  /** Appends a row: one value per column, of the Java type that {@link Row#get} gives for it. */
  public void add(@Nullable Object... values) throws IOException {
    List<FieldVector> columns = root.getFieldVectors();
    if (values.length != columns.size()) {
      throw new IllegalArgumentException(
          "%d values for %d columns".formatted(values.length, columns.size()));
    }
    for (int i = 0; i < values.length; i++) {
      Cells.set(columns.get(i), rows, values[i]);
    }
    if (++rows == BATCH_ROWS) {
      flush();
    }
  }

  private void flush() throws IOException {
    root.setRowCount(rows);
    arrow.writeBatch();
    root.allocateNew();
    rows = 0;
  }

  @Override
  public void close() throws IOException {
    try (root;
        arrow) {
      if (rows > 0) {
        flush();
      }
    }
  }
}
