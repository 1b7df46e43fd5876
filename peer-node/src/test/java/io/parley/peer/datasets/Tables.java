package io.parley.peer.datasets;

import io.parley.agreement.Column;
import io.parley.agreement.ColumnType;
import io.parley.wire.ParleyException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.DateDayVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.TimeStampMicroVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ipc.ArrowFileReader;

/** Files in, rows as text out: by our import, and by DuckDB. */
final class Tables {
  private final Path folder;
  private int files;

  Tables(Path folder) {
    this.folder = folder;
  }

  /** {@code "a BIGINT, b VARCHAR NOT NULL"} without spaces inside of types. */
  static List<Column> columns(String text) {
    List<Column> columns = new ArrayList<>();
    for (String column : text.split(", ", -1)) {
      String[] words = column.split(" ", 3);
      columns.add(new Column(words[0], ColumnType.parse(words[1]), words.length < 3));
    }
    return columns;
  }

  Path file(byte[] bytes) throws IOException {
    return Files.write(folder.resolve("file-" + files++), bytes);
  }

  Path file(String text) throws IOException {
    return file(text.getBytes(StandardCharsets.UTF_8));
  }

  /** Rows by our import; the columns that it kept are put into {@code kept}. */
  List<List<String>> imported(
      DatasetImport.Format format, Path file, List<Column> wanted, List<Column> kept)
      throws IOException {
    Path arrow = folder.resolve("out-" + files++);
    DatasetImport source = new DatasetImport(format, file, "file.csv", folder);
    DatasetImport.Imported imported = source.into(arrow, wanted, new byte[32]);
    kept.addAll(imported.columns());
    List<List<String>> rows = new ArrayList<>();
    try (RootAllocator allocator = new RootAllocator();
        ArrowFileReader reader =
            new ArrowFileReader(Files.newByteChannel(arrow, StandardOpenOption.READ), allocator)) {
      while (reader.loadNextBatch()) {
        refuseLarge(reader.getVectorSchemaRoot());
        for (int row = 0; row < reader.getVectorSchemaRoot().getRowCount(); row++) {
          List<String> values = new ArrayList<>();
          for (FieldVector vector : reader.getVectorSchemaRoot().getFieldVectors()) {
            values.add(text(vector, row));
          }
          rows.add(values);
        }
      }
    }
    if (rows.size() != imported.rows()) {
      throw new IllegalStateException("rows: " + imported.rows());
    }
    return rows;
  }

  /** An enclave holds a batch of each of its datasets at a time. */
  private static void refuseLarge(VectorSchemaRoot batch) {
    long bytes = batch.getFieldVectors().stream().mapToLong(FieldVector::getBufferSize).sum();
    if (batch.getRowCount() > 1 && bytes > 2 * ArrowOutput.BATCH_BYTES_GOOD) {
      throw new IllegalStateException(
          "%d rows in a batch of %d bytes".formatted(batch.getRowCount(), bytes));
    }
  }

  List<List<String>> csv(String text, String wanted) throws IOException {
    return imported(DatasetImport.Format.CSV, file(text), columns(wanted), new ArrayList<>());
  }

  private static String text(FieldVector vector, int row) {
    if (vector.isNull(row)) {
      return "NULL";
    }
    return switch (vector) {
      case DateDayVector days -> Integer.toString(days.get(row));
      case TimeStampMicroVector micros -> Long.toString(micros.get(row));
      default -> String.valueOf(vector.getObject(row));
    };
  }

  /** Rows by DuckDB, dates as days and timestamps as microseconds since 1970. */
  static List<List<String>> duckdb(Path file, String options, List<Column> columns)
      throws SQLException {
    String types =
        columns.stream()
            .map(c -> "'%s': '%s'".formatted(c.name(), c.type().sql()))
            .collect(Collectors.joining(", "));
    String select =
        columns.stream()
            .map(c ->
                switch (c.type().sql()) {
                  case "DATE" -> "\"%s\" - DATE '1970-01-01'".formatted(c.name());
                  case "TIMESTAMP" -> "epoch_us(\"%s\")".formatted(c.name());
                  default -> "\"%s\"".formatted(c.name());
                })
            .collect(Collectors.joining(", "));
    List<List<String>> rows = new ArrayList<>();
    try (Connection connection = DriverManager.getConnection("jdbc:duckdb:");
        Statement statement = connection.createStatement();
        ResultSet result =
            statement.executeQuery(
                "SELECT %s FROM read_csv('%s', header = true, columns = {%s}%s)"
                    .formatted(select, file, types, options))) {
      while (result.next()) {
        List<String> values = new ArrayList<>();
        for (int i = 1; i <= columns.size(); i++) {
          Object value = result.getObject(i);
          values.add(value == null ? "NULL" : value.toString());
        }
        rows.add(values);
      }
    }
    return rows;
  }

  static void sql(String statement) throws SQLException {
    try (Connection connection = DriverManager.getConnection("jdbc:duckdb:");
        Statement s = connection.createStatement()) {
      s.execute(statement);
    }
  }

  static String message(ParleyException failure) {
    return String.valueOf(failure.getMessage());
  }
}
