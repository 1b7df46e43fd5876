package io.parley.demo;

import io.parley.wire.Reason;
import io.parley.yaml.YamlFile;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;

/** The parties' files in one plain DuckDB, with the query of their agreement. */
record Union(Connection connection, String query) implements AutoCloseable {
  private static final int AGREEMENT_BYTES_MAX = 1 << 20;

  /**
   * Opens the files as tables.
   *
   * @param tables {@code TABLE=FILE.parquet}, from {@code first} on
   */
  static Union open(Path agreement, String[] tables, int first) throws IOException, SQLException {
    YamlFile file = YamlFile.load(agreement, AGREEMENT_BYTES_MAX);
    String query =
        file.rootOrThrow(Reason.INVALID_AGREEMENT)
            .sectionOrEmpty("params")
            .sectionOrEmpty("query")
            .required("value", "", "a query", text -> text);
    file.throwIfAny(Reason.INVALID_AGREEMENT);
    Connection connection = DriverManager.getConnection("jdbc:duckdb:");
    try (Statement statement = connection.createStatement()) {
      for (int i = first; i < tables.length; i++) {
        String[] table = tables[i].split("=", 2);
        statement.execute(
            "CREATE VIEW %s AS SELECT * FROM %s".formatted(table[0], literal(table[1])));
      }
      return new Union(connection, query.strip().replaceAll(";$", ""));
    } catch (SQLException e) {
      connection.close();
      throw e;
    }
  }

  /** A text as SQL writes it. */
  static String literal(String text) {
    return "'" + text.replace("'", "''") + "'";
  }

  @Override
  public void close() throws SQLException {
    connection.close();
  }
}
