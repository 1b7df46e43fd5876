package io.parley.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
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

  @Test
  void threePartiesAndEveryType() throws Exception {
    Map<String, String> tables = new LinkedHashMap<>();
    tables.put(
        "visits",
        """
        SELECT i AS id, CASE WHEN i % 11 = 0 THEN NULL ELSE (i % 700) END AS person,
          CASE i % 7 WHEN 0 THEN NULL WHEN 1 THEN '' WHEN 2 THEN 'Zoë, "née" Żółć' WHEN 3 THEN '日本 🏥'
            WHEN 4 THEN E'two\nlines' WHEN 5 THEN ' spaces ' ELSE 'plain' END AS note,
          CASE WHEN i % 5 = 0 THEN NULL ELSE DATE '1899-12-30' + (i * 37)::INTEGER END AS day,
          CASE WHEN i % 13 = 0 THEN NULL
            ELSE TIMESTAMP '1969-12-31 23:59:59.999999' + to_microseconds(i * 1000003) END AS stamp,
          CASE WHEN i % 17 = 0 THEN NULL ELSE i % 2 = 0 END AS urgent,
          (i % 256 - 128)::TINYINT AS tiny, (i * 7 - 32768)::SMALLINT AS small
        FROM range(5000) t(i)
        """);
    tables.put(
        "prices",
        """
        SELECT (i % 900)::BIGINT AS person,
          CASE WHEN i % 9 = 0 THEN NULL
            ELSE ((i * 12345678901) % 100000000000)::DECIMAL(38,10) / 7 END::DECIMAL(38,10) AS exact,
          (i / 3.0)::DOUBLE AS approx, (i / 7.0)::FLOAT AS coarse,
          (i % 4000 * -500000)::INTEGER AS whole
        FROM range(3000) t(i)
        """);
    tables.put(
        "people",
        """
        SELECT (i * 2)::BIGINT AS person, CASE WHEN i % 3 = 0 THEN NULL ELSE 'région ' || (i % 4) END AS area
        FROM range(300) t(i) UNION ALL SELECT NULL, 'nobody' FROM range(3)
        """);
    compare(
        """
        agreement: three
        parties: [ada, bob, cyd]
        app: sql
        datasets:
          visits:
            owner: ada
            columns: {id: BIGINT, person: BIGINT, note: VARCHAR, day: DATE, stamp: TIMESTAMP,
                      urgent: BOOLEAN, tiny: TINYINT, small: SMALLINT}
            released_to: [cyd]
          prices:
            owner: bob
            columns: {person: BIGINT, exact: "DECIMAL(38,10)", approx: DOUBLE, coarse: FLOAT, whole: INTEGER}
            released_to: [cyd]
          people:
            owner: cyd
            columns: {person: BIGINT, area: VARCHAR}
        compute: [cyd]
        results:
          out: {recipients: [ada, bob, cyd], max_rows: 100000}
        params:
          query:
            value: |
              SELECT v.id, v.person, v.note, v.day, v.stamp, v.urgent, v.tiny, v.small, q.area,
                p.n, p.total, p.most, p.coarse, p.whole
              FROM visits v
              LEFT JOIN (SELECT person, count(*) AS n, sum(exact) AS total, max(approx) AS most,
                           min(coarse) AS coarse, min(whole) AS whole
                         FROM prices GROUP BY person) p USING (person)
              LEFT JOIN people q USING (person)
              ORDER BY v.id
        environment: {evidence: [simulated], tests: strict}
        changes: never
        expires: 2030-01-01
        max_jobs: 3
        """,
        Map.of("visits", "ada", "prices", "bob", "people", "cyd"),
        tables);
  }

  /**
   * Runs the agreement on the tables, and its query on plain DuckDB: every row must be the same.
   */
  private void compare(String agreement, Map<String, String> owners, Map<String, String> tables)
      throws IOException, InterruptedException, SQLException {
    Path file = Files.writeString(folder.resolve("agreement.yaml"), agreement);
    List<String> args = new ArrayList<>(List.of("try", file.toString(), "--format", "csv"));
    try (Connection connection = DriverManager.getConnection("jdbc:duckdb:");
        Statement duckdb = connection.createStatement()) {
      for (var table : tables.entrySet()) {
        Path parquet = folder.resolve(table.getKey() + ".parquet");
        duckdb.execute("CREATE TABLE %s AS %s".formatted(table.getKey(), table.getValue()));
        duckdb.execute("COPY %s TO '%s' (FORMAT parquet)".formatted(table.getKey(), parquet));
        args.add("--data");
        args.add("%s:%s=%s".formatted(owners.get(table.getKey()), table.getKey(), parquet));
      }
      Command.Result came = Command.parley(args.toArray(String[]::new)).ok();
      Path csv = Files.writeString(folder.resolve("came.csv"), came.out());
      String query =
          agreement.substring(agreement.indexOf("value: |") + 8, agreement.indexOf("environment:"));
      duckdb.execute("CREATE TABLE expected AS " + query);
      duckdb.execute("CREATE TABLE came AS SELECT * FROM expected LIMIT 0");
      // An empty field is null, a quoted empty one is text.
      duckdb.execute(
          """
          INSERT INTO came SELECT * FROM read_csv('%s', header = true, all_varchar = true,
            delim = ',', quote = '"', escape = '"', nullstr = '', allow_quoted_nulls = false)
          """
              .formatted(csv));
      assertThat(number(duckdb, "SELECT count(*) FROM expected")).isPositive();
      assertThat(number(duckdb, "SELECT count(*) FROM came"))
          .isEqualTo(number(duckdb, "SELECT count(*) FROM expected"));
      assertThat(number(duckdb, "SELECT count(*) FROM (FROM expected EXCEPT ALL FROM came)"))
          .as("rows that differ")
          .isZero();
    }
  }

  private static long number(Statement duckdb, String query) throws SQLException {
    try (ResultSet rows = duckdb.executeQuery(query)) {
      rows.next();
      return rows.getLong(1);
    }
  }
}
