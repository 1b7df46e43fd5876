package io.parley.demo;

import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;

/** An agreement's query by plain DuckDB on the union of the files: what a job is compared with. */
final class PlainJoin {
  private PlainJoin() {}

  /** Usage: PlainJoin AGREEMENT.yaml RESULT.csv TABLE=FILE.parquet ... */
  public static void main(String[] args) throws Exception {
    String query =
        new YAMLMapper().readTree(Path.of(args[0]).toFile()).at("/params/query/value").asText();
    try (Connection connection = DriverManager.getConnection("jdbc:duckdb:");
        Statement statement = connection.createStatement()) {
      for (int i = 2; i < args.length; i++) {
        String[] source = args[i].split("=", 2);
        statement.execute(
            "CREATE VIEW %s AS SELECT * FROM '%s'".formatted(source[0], quoted(source[1])));
      }
      statement.execute("COPY (%s) TO '%s' (HEADER)".formatted(query, quoted(args[1])));
    }
  }

  private static String quoted(String path) {
    return path.replace("'", "''");
  }
}
