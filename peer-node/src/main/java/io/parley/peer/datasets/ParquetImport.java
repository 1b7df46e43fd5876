package io.parley.peer.datasets;

import io.parley.agreement.Column;
import io.parley.agreement.ColumnType;
import io.parley.wire.Suggestions;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.stream.Collectors;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.duckdb.DuckDBResultSet;

/**
 * Reads a Parquet file of the party's own through DuckDB, in bounded memory, row order kept. A
 * column may be read as a wider type that holds every value exactly; anything else is an error that
 * names the column and both types.
 */
final class ParquetImport {
  private static final Map<String, List<String>> WIDER =
      Map.of(
          "TINYINT", List.of("SMALLINT", "INTEGER", "BIGINT", "DOUBLE"),
          "SMALLINT", List.of("INTEGER", "BIGINT", "DOUBLE"),
          "INTEGER", List.of("BIGINT", "DOUBLE"),
          "UTINYINT", List.of("SMALLINT", "INTEGER", "BIGINT"),
          "USMALLINT", List.of("INTEGER", "BIGINT"),
          "UINTEGER", List.of("BIGINT"),
          "FLOAT", List.of("DOUBLE"),
          "TIMESTAMP_S", List.of("TIMESTAMP"),
          "TIMESTAMP_MS", List.of("TIMESTAMP"));

  private final Path file;
  private final Path temporary;

  /**
   * @param temporary a private folder for what does not fit into memory
   */
  ParquetImport(Path file, Path temporary) {
    this.file = file;
    this.temporary = temporary;
  }

  /** The file's columns, as far as their types are known here. */
  List<Column> infer() {
    try (Connection connection = open()) {
      List<Column> columns = new ArrayList<>();
      types(connection)
          .forEach((name, type) -> columns.add(new Column(name, known(name, type), true)));
      return columns;
    } catch (SQLException e) {
      throw unreadable(e);
    }
  }

  /** Reads all rows into {@code out}. */
  void read(List<Column> columns, ArrowOutput out, BufferAllocator allocator) throws IOException {
    try (Connection connection = open();
        Statement statement = connection.createStatement()) {
      requireTypes(columns, types(connection));
      String select =
          columns.stream()
              .map(c -> "CAST(%s AS %s)".formatted(quoted(c.name()), c.type().sql()))
              .collect(Collectors.joining(", ", "SELECT ", " FROM " + source()));
      try (ResultSet rows = statement.executeQuery(select);
          ArrowReader reader =
              (ArrowReader)
                  rows.unwrap(DuckDBResultSet.class)
                      .arrowExportStream(allocator, ArrowOutput.batchRows(columns))) {
        while (reader.loadNextBatch()) {
          move(reader.getVectorSchemaRoot(), out);
        }
      }
    } catch (SQLException e) {
      throw unreadable(e);
    }
  }

  /** Hands the batch on, in halves when its text makes it large. */
  private static void move(VectorSchemaRoot batch, ArrowOutput out) throws IOException {
    int rows = batch.getRowCount();
    long bytes = batch.getFieldVectors().stream().mapToLong(FieldVector::getBufferSize).sum();
    if (rows == 1 && bytes > ArrowOutput.BATCH_BYTES_MAX) {
      throw new DatasetProblem(
          0, "", "row %d takes %d bytes; at most 60 MiB".formatted(out.rows() + 1, bytes));
    }
    if (rows > 1 && bytes > ArrowOutput.BATCH_BYTES_GOOD) {
      try (VectorSchemaRoot first = batch.slice(0, rows / 2);
          VectorSchemaRoot second = batch.slice(rows / 2, rows - rows / 2)) {
        move(first, out);
        move(second, out);
      }
      return;
    }
    for (int i = 0; i < batch.getFieldVectors().size(); i++) {
      batch.getVector(i).makeTransferPair(out.vector(i)).transfer();
    }
    out.writeBatch(rows);
  }

  private static void requireTypes(List<Column> wanted, Map<String, String> came) {
    List<String> problems = new ArrayList<>();
    for (Column column : wanted) {
      String type = came.get(column.name());
      if (type == null) {
        List<String> extra =
            came.keySet().stream()
                .filter(name -> wanted.stream().noneMatch(w -> w.name().equals(name)))
                .toList();
        problems.add(
            "no column '%s'%s".formatted(column.name(), Suggestions.hint(column.name(), extra)));
      } else if (!fits(type, column.type())) {
        problems.add(
            "column '%s': expected %s, came %s"
                .formatted(column.name(), column.type().sql(), type));
      }
    }
    if (!problems.isEmpty()) {
      throw new DatasetProblem(0, "", String.join("; ", problems));
    }
  }

  private static boolean fits(String came, ColumnType wanted) {
    if (came.equals(wanted.sql()) || WIDER.getOrDefault(came, List.of()).contains(wanted.sql())) {
      return true;
    }
    return wanted instanceof ColumnType.Decimal wide
        && came.startsWith("DECIMAL(")
        && ColumnType.parse(came) instanceof ColumnType.Decimal narrow
        && wide.scale() >= narrow.scale()
        && wide.precision() - wide.scale() >= narrow.precision() - narrow.scale();
  }

  private static ColumnType known(String name, String type) {
    for (ColumnType.Plain plain : ColumnType.Plain.values()) {
      if (plain.sql().equals(type)) {
        return plain;
      }
    }
    if (type.startsWith("DECIMAL(")) {
      return ColumnType.parse(type);
    }
    List<String> wider = WIDER.getOrDefault(type, List.of());
    if (!wider.isEmpty()) {
      return ColumnType.parse(wider.getFirst());
    }
    throw new DatasetProblem(
        0,
        name,
        "%s is a type that datasets cannot have; name the columns to keep".formatted(type));
  }

  private Map<String, String> types(Connection connection) throws SQLException {
    Map<String, String> types = new LinkedHashMap<>();
    try (Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery("DESCRIBE SELECT * FROM " + source())) {
      while (rows.next()) {
        types.put(rows.getString(1), rows.getString(2));
      }
    }
    return types;
  }

  private Connection open() throws SQLException {
    Properties properties = new Properties();
    properties.setProperty("jdbc_stream_results", "true");
    properties.setProperty("memory_limit", "512MB");
    properties.setProperty("threads", "2");
    properties.setProperty("temp_directory", temporary.toString());
    properties.setProperty("allowed_paths", "['%s']".formatted(file.toString().replace("'", "''")));
    properties.setProperty("enable_external_access", "false");
    properties.setProperty("lock_configuration", "true");
    return DriverManager.getConnection("jdbc:duckdb:", properties);
  }

  private String source() {
    return "read_parquet('%s')".formatted(file.toString().replace("'", "''"));
  }

  private static String quoted(String name) {
    return '"' + name.replace("\"", "\"\"") + '"';
  }

  private static DatasetProblem unreadable(SQLException e) {
    String message = String.valueOf(e.getMessage()).lines().findFirst().orElse("");
    return new DatasetProblem(0, "", "cannot be read as Parquet: " + message);
  }
}
