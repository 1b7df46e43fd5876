package io.parley.peer.cli;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.parley.agreement.Column;
import io.parley.rules.Checked;
import io.parley.rules.RuleCheck;
import io.parley.wire.EnvironmentException;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.stream.Collectors;
import org.duckdb.DuckDBDriver;

/**
 * A DuckDB without rows, files and network: it says how it reads a query, and whether it could run
 * one on tables of these columns. Not thread-safe.
 */
final class QueryProbe implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int MESSAGE_CHARS_MAX = 500;

  private final Connection connection;

  private QueryProbe(Connection connection) {
    this.connection = connection;
  }

  static QueryProbe open() {
    Properties settings = new Properties();
    settings.setProperty("enable_external_access", "false");
    settings.setProperty("autoinstall_known_extensions", "false");
    settings.setProperty("autoload_known_extensions", "false");
    settings.setProperty("allow_community_extensions", "false");
    settings.setProperty("temp_directory", "");
    settings.setProperty("threads", "1");
    settings.setProperty("memory_limit", "256MB");
    settings.setProperty("lock_configuration", "true");
    try {
      return new QueryProbe(new DuckDBDriver().connect("jdbc:duckdb:", settings));
    } catch (SQLException e) {
      throw new EnvironmentException(
          Reason.IO_FAILED, "DuckDB does not start: " + e.getMessage(), Map.of(), e);
    }
  }

  /**
   * The parse tree of a text, or DuckDB's error in its place.
   *
   * @throws RefusedException INVALID_PARAMETER when it is too long or nested too deeply
   */
  JsonNode tree(String text) {
    if (text.length() > RuleCheck.MAX_QUERY_CHARS || text.indexOf('\0') >= 0) {
      throw new RefusedException(
          Reason.INVALID_PARAMETER,
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
      throw new RefusedException(Reason.INVALID_PARAMETER, "the query is nested too deeply");
    } catch (SQLException e) {
      throw failed(e);
    }
  }

  /** What DuckDB has against running this on tables of these columns; empty when nothing. */
  Optional<String> problem(Map<String, List<Column>> tables, Checked query) {
    for (String constant : query.constants()) {
      Optional<String> problem = problem(constant);
      if (problem.isPresent()) {
        return problem;
      }
    }
    createTables(tables);
    return unready(query.sql());
  }

  /** What DuckDB has against a constant; empty when it has a value. */
  Optional<String> problem(String constant) {
    try (Statement statement = connection.createStatement();
        ResultSet value = statement.executeQuery("SELECT " + constant)) {
      value.next();
      return Optional.empty();
    } catch (SQLException e) {
      return Optional.of(message(e));
    }
  }

  /**
   * As {@link #problem(Map, Checked)}, for a query that runs as it is written.
   *
   * @param parameters with the types of their values
   */
  Optional<String> problem(
      Map<String, List<Column>> tables, String query, Map<String, String> parameters) {
    createTables(tables);
    Optional<String> problem = unready(query);
    return problem.isPresent() || parameters.isEmpty() ? problem : ofTypes(query, parameters);
  }

  /** With no values, only types: what a value does is not known before the run. */
  private Optional<String> ofTypes(String query, Map<String, String> parameters) {
    String arguments =
        parameters.entrySet().stream()
            .map(p -> "%s := CAST(NULL AS %s)".formatted(quoted(p.getKey()), p.getValue()))
            .collect(Collectors.joining(", "));
    try (Statement statement = connection.createStatement()) {
      statement.execute("PREPARE explained AS " + query);
    } catch (SQLException e) {
      return Optional.of(message(e));
    }
    return unready("EXECUTE explained(" + arguments + ")")
        .filter(message -> message.startsWith("Binder Error"));
  }

  private void createTables(Map<String, List<Column>> tables) {
    try (Statement statement = connection.createStatement()) {
      for (Map.Entry<String, List<Column>> table : tables.entrySet()) {
        statement.execute(
            "CREATE TABLE %s (%s)"
                .formatted(
                    quoted(table.getKey()),
                    table.getValue().stream()
                        .map(QueryProbe::column)
                        .collect(Collectors.joining(", "))));
      }
    } catch (SQLException e) {
      throw failed(e);
    }
  }

  private Optional<String> unready(String sql) {
    try (PreparedStatement prepared = connection.prepareStatement(sql)) {
      return prepared.getMetaData() == null ? Optional.of("it gives no table") : Optional.empty();
    } catch (SQLException e) {
      return Optional.of(message(e));
    }
  }

  private static String message(SQLException e) {
    String message = String.valueOf(e.getMessage());
    return message.substring(0, Math.min(message.length(), MESSAGE_CHARS_MAX));
  }

  private static String column(Column column) {
    return quoted(column.name()) + " " + column.type().sql();
  }

  private static String quoted(String name) {
    return '"' + name.replace("\"", "\"\"") + '"';
  }

  private static EnvironmentException failed(SQLException e) {
    return new EnvironmentException(
        Reason.IO_FAILED, "DuckDB failed: " + e.getMessage(), Map.of(), e);
  }

  @Override
  public void close() {
    try {
      connection.close();
    } catch (SQLException e) {
      throw failed(e);
    }
  }
}
