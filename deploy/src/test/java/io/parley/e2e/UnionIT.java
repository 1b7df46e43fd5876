package io.parley.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Joint SQL gives what plain DuckDB gives on the union of the parties' files. */
class UnionIT {
  @TempDir Path folder;

  @Test
  void emptyAndUnequalDatasets() throws Exception {
    Map<String, String> tables = new LinkedHashMap<>();
    tables.put("empty_side", "SELECT 1::BIGINT AS k, 'x' AS v WHERE false");
    tables.put(
        "long_side", "SELECT (i % 1000)::BIGINT AS k, i::DOUBLE AS v FROM range(200000) t(i)");
    String agreement =
        """
        agreement: uneven
        parties: [ada, bob]
        app: sql
        datasets:
          empty_side: {owner: ada, columns: {k: BIGINT, v: VARCHAR}, released_to: [bob]}
          long_side: {owner: bob, columns: {k: BIGINT, v: DOUBLE}}
        compute: [bob]
        results:
          out: {recipients: [ada], max_rows: 2000}
        params:
          query:
            value: |
              SELECT k, count(*) AS n, sum(l.v) AS total, count(e.v) AS matched
              FROM long_side l LEFT JOIN empty_side e USING (k) GROUP BY k ORDER BY k
        environment: {evidence: [simulated], tests: strict}
        changes: never
        expires: 2030-01-01
        max_jobs: 3
        """;
    compare(agreement, Map.of("empty_side", "ada", "long_side", "bob"), tables);
  }

  private void compare(String agreement, Map<String, String> owners, Map<String, String> tables)
      throws IOException, InterruptedException, SQLException {
    Path file = Files.writeString(folder.resolve("agreement.yaml"), agreement);
    List<String> args = new ArrayList<>(List.of("try", file.toString()));
    try (Connection connection = DriverManager.getConnection("jdbc:duckdb:");
        Statement duckdb = connection.createStatement()) {
      for (var table : tables.entrySet()) {
        Path parquet = folder.resolve(table.getKey() + ".parquet");
        duckdb.execute("CREATE TABLE %s AS %s".formatted(table.getKey(), table.getValue()));
        duckdb.execute("COPY %s TO '%s' (FORMAT parquet)".formatted(table.getKey(), parquet));
        args.add("--data");
        args.add("%s:%s=%s".formatted(owners.get(table.getKey()), table.getKey(), parquet));
      }
      args.addAll(List.of("--output", "csv"));
      Command.Result came = Command.parley(args.toArray(String[]::new)).ok();
      Path csv = Files.writeString(folder.resolve("came.csv"), came.out());
      String query =
          agreement.substring(agreement.indexOf("value: |") + 8, agreement.indexOf("environment:"));
      duckdb.execute("CREATE TABLE expected AS " + query);
      duckdb.execute("CREATE TABLE came AS SELECT * FROM expected LIMIT 0");
      // Nulls and empty strings are told apart by quotes.
      duckdb.execute(
          "COPY came FROM '%s' (HEADER, QUOTE '\"', NULLSTR '', ALLOW_QUOTED_NULLS false)"
              .formatted(csv));
      try (var rows =
          duckdb.executeQuery(
              "SELECT (SELECT count(*) FROM expected), (SELECT count(*) FROM came), (SELECT count(*)"
                  + " FROM (SELECT *, rowid place FROM expected) e FULL JOIN (SELECT *, rowid place FROM"
                  + " came) c USING (place) WHERE e IS DISTINCT FROM c)")) {
        rows.next();
        assertThat(rows.getLong(2)).as("rows").isEqualTo(rows.getLong(1));
        assertThat(rows.getLong(3)).as("different rows:\n" + came.out()).isZero();
      }
    }
  }
}
