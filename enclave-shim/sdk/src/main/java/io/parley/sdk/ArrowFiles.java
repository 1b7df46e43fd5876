package io.parley.sdk;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.apache.arrow.vector.types.pojo.Schema;
import org.jspecify.annotations.Nullable;

/** Whole Arrow IPC files as lists of rows, for tests and small tables. */
public final class ArrowFiles {
  private ArrowFiles() {}

  /** Writes a new file. */
  public static void write(Path file, Schema schema, List<@Nullable Object[]> rows)
      throws IOException {
    try (BufferAllocator allocator = new RootAllocator();
        TableResult table = new TableResult(file, schema, allocator)) {
      for (@Nullable Object[] row : rows) {
        table.add(row);
      }
    }
  }

  /** Column names and types. */
  public static Schema schema(Path file) {
    try (BufferAllocator allocator = new RootAllocator()) {
      return new Dataset(file.toString(), file, allocator).schema();
    }
  }

  /** Every row, one value or null per column. */
  public static List<@Nullable Object[]> rows(Path file) throws IOException {
    List<@Nullable Object[]> rows = new ArrayList<>();
    try (BufferAllocator allocator = new RootAllocator();
        ArrowReader reader = new Dataset(file.toString(), file, allocator).open()) {
      List<FieldVector> columns = reader.getVectorSchemaRoot().getFieldVectors();
      while (reader.loadNextBatch()) {
        for (int i = 0; i < reader.getVectorSchemaRoot().getRowCount(); i++) {
          @Nullable Object[] row = new @Nullable Object[columns.size()];
          for (int c = 0; c < row.length; c++) {
            row[c] = Cells.get(columns.get(c), i);
          }
          rows.add(row);
        }
      }
    }
    return rows;
  }
}
