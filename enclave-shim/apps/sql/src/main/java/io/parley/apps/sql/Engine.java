package io.parley.apps.sql;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.parley.rules.Checked;
import io.parley.rules.RuleCheck;
import io.parley.sdk.AppException;
import io.parley.sdk.ArrowResult;
import io.parley.sdk.Dataset;
import io.parley.sdk.ResultWriter;
import java.io.IOException;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import java.util.stream.Collectors;
import org.apache.arrow.c.ArrowArrayStream;
import org.apache.arrow.c.Data;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.apache.arrow.vector.types.pojo.Field;
import org.duckdb.DuckDBConnection;
import org.duckdb.DuckDBDriver;
import org.duckdb.DuckDBResultSet;

/**
 * An in-memory DuckDB without a way out: no files, no network, no extensions, and settings that
 * cannot be changed once the rows are in.
 */
final class Engine implements AutoCloseable {
  private static final int BATCH_ROWS = 1 << 16;
  private static final String INCOMING = "parley_incoming";
  private static final ObjectMapper JSON = new ObjectMapper();

  private final DuckDBConnection connection;

  /** Columns to load, by dataset, as a list in SQL. */
  private final Map<String, String> tables = new HashMap<>();

  private Engine(DuckDBConnection connection) {
    this.connection = connection;
  }

  /**
   * Starts one.
   *
   * @param memoryBytes 0 for DuckDB's own default
   */
  static Engine open(long memoryBytes, int threads) throws SQLException {
    Properties settings = new Properties();
    settings.setProperty("enable_external_access", "false");
    settings.setProperty("autoinstall_known_extensions", "false");
    settings.setProperty("autoload_known_extensions", "false");
    settings.setProperty("allow_community_extensions", "false");
    settings.setProperty("temp_directory", "");
    settings.setProperty("threads", Integer.toString(threads));
    if (memoryBytes > 0) {
      settings.setProperty("memory_limit", memoryBytes + "B");
    }
    return new Engine((DuckDBConnection) new DuckDBDriver().connect("jdbc:duckdb:", settings));
  }

  /** DuckDB's parse tree of a text, or its error. */
  JsonNode parseTree(String text) throws SQLException {
    if (text.length() > RuleCheck.MAX_QUERY_CHARS || text.indexOf('\0') >= 0) {
      throw new AppException(
          "INVALID_QUERY",
          "the query holds a NUL or is longer than %d characters"
              .formatted(RuleCheck.MAX_QUERY_CHARS));
    }
    try (PreparedStatement statement =
        connection.prepareStatement("SELECT json_serialize_sql(CAST(? AS VARCHAR))")) {
      statement.setString(1, text);
      try (ResultSet tree = statement.executeQuery()) {
        tree.next();
        return JSON.readTree(tree.getString(1));
      }
    } catch (JacksonException e) {
      throw new AppException("INVALID_QUERY", "the query is nested too deeply");
    }
  }

  /**
   * That every constant and every parameter is a value of the type that it is taken as. Not left to
   * the query, which would find out only on the rows that come to it, and so tell about them.
   *
   * @throws AppException INVALID_QUERY, or INVALID_PARAMETER without the value
   */
  void requireValues(Checked query, Map<String, Argument> values) throws SQLException {
    for (String constant : query.constants()) {
      try {
        evaluate(constant);
      } catch (SQLException e) {
        throw QueryFailure.onEmptyTables(e);
      }
    }
    for (Checked.Parameter parameter : query.parameters()) {
      Argument value = Objects.requireNonNull(values.get(parameter.name()));
      requireValue(parameter.name(), parameter.type(), parameter.sql(value.text()));
    }
  }

  private void requireValue(String parameter, String type, String sql) {
    try {
      evaluate(sql);
    } catch (SQLException e) {
      throw new AppException(
          "INVALID_PARAMETER",
          "parameter '%s' is no value of %s, as which the query takes it"
              .formatted(parameter, type),
          Map.of("parameter", parameter));
    }
  }

  private void evaluate(String expression) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet value = statement.executeQuery("SELECT " + expression)) {
      value.next();
    }
  }

  /** Empty tables with the datasets' names and columns. */
  void createTables(Collection<Dataset> datasets) throws SQLException {
    for (Dataset dataset : datasets) {
      createTable(dataset, dataset.schema().getFields());
    }
  }

  /**
   * Checks names, types and the result's columns while the tables are empty; then leaves out of the
   * tables what the query does not name, for rows that nobody reads cost time and memory too.
   */
  void bind(Query query, Collection<Dataset> datasets) throws SQLException {
    try {
      List<String> columns = resultColumns(query);
      requireTypes(query);
      if (query.words().isPresent() && !columns.equals(resultColumnsWithout(query, datasets))) {
        dropTables(datasets);
        createTables(datasets);
      }
    } catch (SQLException e) {
      throw QueryFailure.onEmptyTables(e);
    }
  }

  /** A parameter of one type may stand where another is needed. */
  private void requireTypes(Query query) throws SQLException {
    if (query.parameters().isEmpty()) {
      return;
    }
    for (Map.Entry<String, Argument> parameter : query.parameters().entrySet()) {
      Argument value = parameter.getValue();
      if (value.type().isPresent()) {
        requireValue(parameter.getKey(), value.type().get(), value.sql());
      }
    }
    execute(query.prepareStatement());
    try (PreparedStatement statement = connection.prepareStatement(query.executeStatement())) {
      ResultColumns.check(statement.getMetaData(), false);
    } catch (SQLException e) {
      if (QueryFailure.isOfTypes(e)) {
        throw e;
      }
      // What a value does, the run will tell, without the value.
    } finally {
      execute(query.deallocateStatement());
    }
  }

  private List<String> resultColumnsWithout(Query query, Collection<Dataset> datasets)
      throws SQLException {
    dropTables(datasets);
    for (Dataset dataset : datasets) {
      List<Field> fields = dataset.schema().getFields();
      List<Field> used = fields.stream().filter(field -> query.mayUse(field.getName())).toList();
      // A table without columns would have no rows to count.
      createTable(dataset, used.isEmpty() ? fields.subList(0, 1) : used);
    }
    try {
      return resultColumns(query);
    } catch (SQLException e) {
      return List.of();
    }
  }

  private List<String> resultColumns(Query query) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(query.text())) {
      return ResultColumns.check(statement.getMetaData(), false);
    }
  }

  private void createTable(Dataset dataset, List<Field> fields) throws SQLException {
    String columns =
        fields.stream()
            .map(field -> Sql.identifier(field.getName()) + " " + Sql.type(field))
            .collect(Collectors.joining(", ", "(", ")"));
    execute("CREATE TABLE " + Sql.identifier(dataset.name()) + columns);
    tables.put(
        dataset.name(),
        fields.stream()
            .map(field -> Sql.identifier(field.getName()))
            .collect(Collectors.joining(", ")));
  }

  private void dropTables(Collection<Dataset> datasets) throws SQLException {
    for (Dataset dataset : datasets) {
      execute("DROP TABLE " + Sql.identifier(dataset.name()));
    }
  }

  /** Copies the rows in: a stream can be read once, a table as often as the query likes. */
  void load(Dataset dataset, BufferAllocator allocator) throws IOException {
    try (ArrowReader reader = dataset.open();
        ArrowArrayStream stream = ArrowArrayStream.allocateNew(allocator)) {
      Data.exportArrayStream(allocator, reader, stream);
      connection.registerArrowStream(INCOMING, stream);
      execute(
          "INSERT INTO %s SELECT %s FROM %s"
              .formatted(Sql.identifier(dataset.name()), tables.get(dataset.name()), INCOMING));
      execute("DROP VIEW " + INCOMING);
    } catch (SQLException e) {
      AppException failure = QueryFailure.onRows(e);
      throw failure.reason().equals("MEMORY_LIMIT")
          ? failure
          : new AppException(
              "INVALID_DATASET",
              "dataset '%s' cannot be read".formatted(dataset.name()),
              Map.of("dataset", dataset.name()));
    }
  }

  /** From here on no statement can change a setting. */
  void lock() throws SQLException {
    execute("SET lock_configuration = true");
  }

  /** Runs the query and writes its rows, in their order. */
  void run(Query query, ResultWriter result, BufferAllocator allocator) throws IOException {
    try {
      execute(query.prepareStatement());
      try (PreparedStatement statement = connection.prepareStatement(query.executeStatement());
          DuckDBResultSet rows = (DuckDBResultSet) statement.executeQuery()) {
        ResultColumns.check(rows.getMetaData(), true);
        write(rows, result, allocator);
      }
      execute(query.deallocateStatement());
    } catch (SQLException e) {
      throw QueryFailure.onRows(e);
    }
  }

  /** Takes the rows of a result, one by one. */
  @FunctionalInterface
  interface RowSink {
    void row(ResultSet row) throws SQLException, IOException;
  }

  /**
   * Runs a query that was written beside a checked one, and streams its rows: memory does not grow
   * with their number. After {@link #load}.
   */
  void stream(Query query, RowSink sink) throws IOException {
    try {
      execute(query.prepareStatement());
      try (Statement statement = connection.createStatement();
          ResultSet rows = statement.executeQuery(query.executeStatement())) {
        while (rows.next()) {
          sink.row(rows);
        }
      }
      execute(query.deallocateStatement());
    } catch (SQLException e) {
      throw QueryFailure.onRows(e);
    }
  }

  private static void write(DuckDBResultSet rows, ResultWriter result, BufferAllocator allocator)
      throws SQLException, IOException {
    try (ArrowReader reader = (ArrowReader) rows.arrowExportStream(allocator, BATCH_ROWS);
        ArrowResult table = result.arrow(reader.getVectorSchemaRoot())) {
      while (reader.loadNextBatch()) {
        table.writeBatch();
      }
    }
  }

  private void execute(String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  @Override
  public void close() throws SQLException {
    connection.close();
  }
}
