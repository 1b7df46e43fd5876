package io.parley.apps.sql;

import static org.assertj.core.api.Assertions.assertThat;

import io.parley.sdk.Fields;
import io.parley.sdk.testing.TestJob;
import io.parley.sdk.testing.TestJob.Outcome;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.Date;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Timestamp;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.Schema;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SqlAppTest {
  private static final Schema PATIENTS =
      Fields.schema(
          Fields.bigint("id"),
          Fields.varchar("ward"),
          Fields.integer("days"),
          Fields.date("born"),
          Fields.timestamp("seen"));
  private static final Schema CLAIMS =
      Fields.schema(
          Fields.bigint("patient"), Fields.decimal("amount", 18, 2), Fields.float8("score"));
  private static final Schema SITES = Fields.schema(Fields.varchar("ward"), Fields.bool("urban"));

  private static final List<@Nullable Object[]> PATIENT_ROWS =
      List.of(
          row(1L, "Süd", 3, LocalDate.of(1960, 2, 29), LocalDateTime.of(2026, 1, 2, 3, 4, 5, 6000)),
          row(1L, "Süd", 3, LocalDate.of(1960, 2, 29), LocalDateTime.of(2026, 1, 2, 3, 4, 5, 6000)),
          row(2L, "漢字 🦉", null, null, null),
          row(
              null,
              "O'Neil \"x\"; --",
              7,
              LocalDate.of(1, 1, 1),
              LocalDateTime.of(1969, 12, 31, 0, 0)),
          row(4L, null, -1, LocalDate.of(9999, 12, 31), LocalDateTime.of(2200, 1, 1, 0, 0)));
  private static final List<@Nullable Object[]> CLAIM_ROWS =
      List.of(
          row(1L, new BigDecimal("10.25"), 0.1),
          row(1L, new BigDecimal("-0.01"), 0.2),
          row(2L, null, null),
          row(null, new BigDecimal("9999999999999999.99"), 1e300),
          row(7L, new BigDecimal("1.00"), -0.0));
  private static final List<@Nullable Object[]> SITE_ROWS =
      List.of(row("Süd", true), row(null, false), row("漢字 🦉", null));

  @TempDir Path folder;
  private TestJob job;

  @BeforeEach
  void layOut() throws IOException {
    job =
        TestJob.in(folder)
            .dataset("patients", PATIENTS, PATIENT_ROWS)
            .dataset("claims", CLAIMS, CLAIM_ROWS)
            .dataset("sites", SITES, SITE_ROWS)
            .dataset("nobody", CLAIMS, List.of());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "SELECT * FROM patients",
        "SELECT * FROM claims ORDER BY amount DESC NULLS FIRST",
        "SELECT ward, count(*) AS n, avg(amount) AS mean FROM patients JOIN claims ON id = patient"
            + " GROUP BY ward ORDER BY ward NULLS LAST",
        "SELECT p.ward, urban, sum(amount) AS total FROM patients p JOIN claims c ON p.id = c.patient"
            + " LEFT JOIN sites s ON s.ward = p.ward GROUP BY ALL ORDER BY ALL",
        "SELECT a.id FROM patients a JOIN patients b ON a.id = b.id ORDER BY 1",
        "SELECT * FROM nobody",
        "SELECT count(*) AS n, sum(amount) AS s, max(score) AS m FROM nobody",
        "SELECT patient, amount FROM claims UNION ALL SELECT patient, amount FROM nobody ORDER BY ALL",
        "WITH big AS (SELECT * FROM claims WHERE amount > 1) SELECT count(*) AS n FROM big",
        "WITH RECURSIVE t AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM t WHERE n < 9) SELECT n FROM t",
        "FROM sites SELECT upper(ward) AS ward WHERE urban IS NOT FALSE",
        "SELECT date_trunc('month', seen) AS month, extract(year FROM born) AS y FROM patients",
        "SELECT i::BIGINT AS i FROM range(3) t(i)",
        "VALUES (1, 'a'), (2, NULL)",
        "SELECT sum(days) AS huge, (SELECT max(id) FROM patients) AS top FROM \"patients\"; -- end",
        "SELECT * FROM (PIVOT claims ON patient IN (1, 2) USING sum(amount)) ORDER BY ALL",
        "SELECT ward, row_number() OVER (PARTITION BY ward ORDER BY id NULLS LAST) AS r FROM patients ORDER BY ALL",
        "SELECT count(*) AS n FROM patients",
        "SELECT c FROM claims AS x(a, b, c) ORDER BY c",
        "SELECT count(*) AS n FROM patients NATURAL JOIN sites",
        "SELECT count(*) AS n, min(urban) AS u FROM patients JOIN sites USING (ward)",
        "SELECT p::VARCHAR AS p FROM patients p WHERE id = 2",
        "SELECT patients::VARCHAR AS p FROM patients WHERE id = 2",
        "SELECT max(COLUMNS('a.*')) FROM claims",
        "SELECT * EXCLUDE (score) FROM claims ORDER BY ALL",
        "SELECT x.Id AS k, (SELECT sum(Amount) FROM claims WHERE patient = x.ID) AS s FROM patients x ORDER BY ALL",
        "SELECT amount AS score, score AS amount FROM claims ORDER BY ALL",
        "SELECT DISTINCT ON (ward) ward, days FROM patients ORDER BY ward, days DESC NULLS LAST",
        "SELECT ward FROM patients UNION BY NAME SELECT urban, ward FROM sites ORDER BY ALL",
        "SELECT unnest([days, days + 1]) AS d FROM patients ORDER BY d NULLS LAST",
        "SELECT * FROM (UNPIVOT (SELECT patient, score FROM claims) ON score) ORDER BY ALL",
        "SELECT 1 AS a, NULL AS b, true AS c, 1.5::FLOAT AS d, 'x' AS e WHERE 1 = 0"
      })
  void resultEqualsDuckDbOnTheUnion(String query) throws Exception {
    Outcome outcome = job.parameter("query", query).run(new SqlApp());

    assertThat(outcome.exitCode()).as(errorOf(outcome)).isZero();
    assertThat(texts(outcome.rows("result"))).isEqualTo(texts(direct(query)));
  }

  @Test
  void sumOfWholeNumbersIsADecimal() throws IOException {
    Outcome outcome =
        job.parameter("query", "SELECT sum(id) AS s, count(*) AS n, avg(id) AS a FROM patients")
            .run(new SqlApp());

    assertThat(outcome.schema("result").getFields())
        .extracting(Field::getType)
        .containsExactly(
            new ArrowType.Decimal(38, 0, 128),
            new ArrowType.Int(64, true),
            Fields.float8("a").getType());
    assertThat(outcome.rows("result")).containsExactly(row(new BigDecimal("8"), 5L, 2.0));
  }

  @Test
  void parametersAreBoundByNameWhateverTheyHold() throws IOException {
    Outcome outcome =
        job.parameter("ward", "O'Neil \"x\"; --")
            .parameter("least", "7")
            .parameter("born", "0001-01-01")
            .parameter(
                "query",
                "SELECT ward FROM patients WHERE ward = $ward AND days >= $Least AND born = $born"
                    + " AND $ward <> '$least'")
            .run(new SqlApp());

    assertThat(outcome.exitCode()).as(errorOf(outcome)).isZero();
    assertThat(outcome.rows("result")).containsExactly(row("O'Neil \"x\"; --"));
  }

  /** In none of them do texts have the order of values. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "BOOLEAN | false | true | true",
        "TINYINT | 9 | 10 | 10",
        "SMALLINT | -9 | -10 | -9",
        "INTEGER | 9 | 10 | 10",
        "BIGINT | 9 | 9223372036854775807 | 9223372036854775807",
        "FLOAT | 9.5 | 1e2 | 100.0",
        "DOUBLE | -1.5e3 | 0.1 | 0.1",
        "VARCHAR | 9 | 10 | 9",
        "DATE | 2027-06-30 | 2026-12-31 | 2027-06-30",
        "TIMESTAMP | 2027-06-30T12:00:00.5 | 2027-06-30 13:00:00 | 2027-06-30T13:00",
        "'DECIMAL(6,2)' | 9.5 | 10.50 | 10.50"
      })
  void aParameterIsAValueOfItsTypeEverywhere(String type, String one, String other, String greater)
      throws IOException {
    Outcome outcome =
        job.parameter("one", type, one)
            .parameter("Other", type, other)
            .parameter(
                "query",
                "SELECT greatest($one, $other) AS g, typeof($one) AS t, count(*) AS n FROM patients"
                    + " WHERE least($one, $other) < greatest($one, $other)")
            .run(new SqlApp());

    assertThat(outcome.exitCode()).as(errorOf(outcome)).isZero();
    assertThat(outcome.rows("result").stream().map(Arrays::asList).toList().toString())
        .isEqualTo("[[%s, %s, 5]]".formatted(greater, type));
  }

  @Test
  void aParameterOfAnotherTypeThanIsNeededIsToldInFull() throws IOException {
    Outcome outcome =
        job.parameter("since", "INTEGER", "77")
            .parameter("query", "SELECT count(*) AS n FROM patients WHERE born > $since")
            .run(new SqlApp());

    assertThat(outcome.error().get("reason").asText()).isEqualTo("INVALID_QUERY");
    assertThat(outcome.error().get("message").asText())
        .contains("type DATE and type INTEGER")
        .doesNotContain("77");
  }

  @Test
  void parameterIsAValueAndNeverSql() throws IOException {
    Outcome outcome =
        job.parameter("x", "'); DROP TABLE patients; SELECT ('")
            .parameter("query", "SELECT $x AS x, count(*) AS n FROM patients")
            .run(new SqlApp());

    assertThat(outcome.rows("result"))
        .containsExactly(row("'); DROP TABLE patients; SELECT ('", 5L));
  }

  @Test
  void parameterOfTheWrongTypeFailsWithoutItsNeighbours() throws IOException {
    Outcome outcome =
        job.parameter("least", "many")
            .parameter("query", "SELECT ward FROM patients WHERE days >= $least")
            .run(new SqlApp());

    assertThat(outcome.exitCode()).isEqualTo(2);
    assertThat(outcome.error().get("reason").asText()).isEqualTo("INVALID_QUERY");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "SELECT $missing AS m | INVALID_PARAMETER | $missing",
        "SELECT ? AS m | INVALID_PARAMETER | $1",
        "SELECT 1 AS one | INVALID_PARAMETER | does not use parameter 'given'"
      })
  void parametersAndQueryMustAgree(String query, String reason, String part) throws IOException {
    Outcome outcome = job.parameter("given", "1").parameter("query", query).run(new SqlApp());

    assertThat(outcome.error().get("reason").asText()).isEqualTo(reason);
    assertThat(outcome.error().get("message").asText()).contains(part);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        ";",
        "-- nothing",
        "SELEC 1",
        "SELECT 1 AS a; SELECT 2 AS a",
        "DROP TABLE patients",
        "CREATE TABLE t AS SELECT 1",
        "INSERT INTO patients SELECT * FROM patients",
        "DELETE FROM patients",
        "UPDATE patients SET id = 1",
        "COPY patients TO '/tmp/out.csv'",
        "COPY (SELECT 1) TO '/tmp/out.csv'",
        "EXPORT DATABASE '/tmp/out'",
        "ATTACH '/tmp/x.db'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "PRAGMA version",
        "SET threads = 1",
        "RESET threads",
        "SET VARIABLE a = 1",
        "CALL pragma_version()",
        "EXPLAIN SELECT 1",
        "EXPLAIN ANALYZE SELECT * FROM patients",
        "DESCRIBE patients",
        "SHOW TABLES",
        "SUMMARIZE patients",
        "SELECT * FROM (SUMMARIZE patients)",
        "PREPARE x AS SELECT 1",
        "EXECUTE parley_query",
        "BEGIN",
        "CHECKPOINT",
        "VACUUM",
        "PIVOT patients ON ward USING count(*)",
        "SELECT * FROM (PIVOT patients ON ward USING count(*))",
        "SELECT * FROM query('SELECT 1')",
        "SELECT * FROM query_table('patients')",
        "SELECT * FROM enable_logging()",
        "SELECT * FROM enable_profiling(save_location := '/tmp/p')",
        "SELECT * FROM arrow_scan(1, 2, 3)",
        "SELECT * FROM json_execute_serialized_sql('{}')",
        "SELECT * FROM duckdb_settings()",
        "SELECT * FROM pragma_database_size()",
        "SELECT * FROM information_schema.tables",
        "SELECT * FROM duckdb_tables",
        "SELECT * FROM memory.main.patients",
        "SELECT * FROM strangers",
        "SELECT nothing FROM patients",
        "SELECT (SELECT count(*) FROM duckdb_secrets()) AS n",
        "SELECT id FROM patients WHERE EXISTS (SELECT * FROM read_text('/etc/passwd'))",
        "WITH a AS (SELECT * FROM glob('/*')) SELECT * FROM a",
        "SELECT 1 AS a UNION ALL SELECT count(*) FROM sniff_csv('/etc/passwd')"
      })
  void everythingButOneSelectOverTheDatasetsIsRefused(String query) throws IOException {
    Outcome outcome = job.parameter("query", query).run(new SqlApp());

    assertThat(outcome.exitCode()).isEqualTo(2);
    assertThat(outcome.error().get("reason").asText()).isEqualTo("INVALID_QUERY");
    assertThat(folder.resolve("out/result.arrow")).doesNotExist();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "read_csv('%s')",
        "read_csv_auto('%s')",
        "read_text('%s')",
        "read_blob('%s')",
        "read_json('%s')",
        "read_parquet('%s')",
        "parquet_scan('%s')",
        "glob('%s')",
        "read_text('https://example.org/')",
        "'%s'"
      })
  void filesAndNetworkAreOutOfReach(String table) throws IOException {
    Path secret = folder.resolve("secret.csv");
    Files.writeString(secret, "secret\n1\n");

    Outcome outcome =
        job.parameter("query", "SELECT * FROM " + table.formatted(secret)).run(new SqlApp());

    assertThat(outcome.exitCode()).isEqualTo(2);
    assertThat(outcome.error().get("reason").asText()).isEqualTo("INVALID_QUERY");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "SELECT id, id FROM patients | two columns",
        "SELECT 1::UTINYINT AS u | UTINYINT",
        "SELECT uuid() AS u | UUID",
        "SELECT [1, 2] AS l | INTEGER[]",
        "SELECT now() AS t | TIMESTAMP WITH TIME ZONE",
        "SELECT 'x'::BLOB AS b | BLOB"
      })
  void resultHoldsOnlyTheTypesOfAgreements(String query, String part) throws IOException {
    Outcome outcome = job.parameter("query", query).run(new SqlApp());

    assertThat(outcome.error().get("reason").asText()).isEqualTo("INVALID_QUERY");
    assertThat(outcome.error().get("message").asText()).contains(part);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "SELECT CAST(ward AS INTEGER) AS w FROM patients",
        "SELECT error(ward) AS w FROM patients",
        "SELECT error('Out of Memory Error: of size ' || id || ' bytes (1 bytes/1 bytes used)') AS w FROM patients",
        "SELECT error('Binder Error: ' || ward) AS w FROM patients",
        "SELECT CAST(id * 9223372036854775807 AS INTEGER) AS w FROM patients WHERE ward IS NOT NULL",
        "SELECT (SELECT id FROM patients) AS w, error((SELECT min(ward) FROM patients)) AS v"
      })
  void errorsOnRowsNeverTellAValue(String query) throws IOException {
    Outcome outcome = job.parameter("query", query).run(new SqlApp());

    assertThat(outcome.exitCode()).isEqualTo(2);
    assertThat(outcome.error().get("reason").asText()).isEqualTo("INVALID_QUERY");
    assertThat(outcome.error().toString())
        .contains("kept back")
        .doesNotContain("Süd", "漢字", "Neil", "9223372036854775807", "MEMORY_LIMIT");
  }

  @Test
  void mistakeInTheQueryIsToldInFull() throws IOException {
    Outcome outcome = job.parameter("query", "SELECT wart FROM patients").run(new SqlApp());

    assertThat(outcome.error().get("message").asText()).contains("\"wart\" not found", "ward");
  }

  @Test
  void tooLittleMemoryIsToldWithNeedAndLimit() throws IOException {
    Outcome outcome =
        job.memoryBytes(64L << 20)
            .parameter(
                "query",
                "SELECT a.i AS i, string_agg(repeat('x', 100) || b.i::VARCHAR, '') AS s"
                    + " FROM range(2000) a(i), range(2000) b(i) GROUP BY a.i ORDER BY s")
            .run(new SqlApp());

    assertThat(outcome.exitCode()).as(errorOf(outcome)).isEqualTo(2);
    assertThat(outcome.error().get("reason").asText()).isEqualTo("MEMORY_LIMIT");
    long need = outcome.error().get("metadata").get("need_bytes").asLong();
    long limit = outcome.error().get("metadata").get("limit_bytes").asLong();
    assertThat(limit).isCloseTo(32L << 20, org.assertj.core.data.Percentage.withPercentage(5));
    assertThat(need).isGreaterThan(limit);
  }

  @Test
  void oneResultIsWantedExactly() throws IOException {
    Outcome outcome = job.results("a", "b").parameter("query", "SELECT 1 AS one").run(new SqlApp());

    assertThat(outcome.error().get("reason").asText()).isEqualTo("INVALID_RESULT");
  }

  @Test
  void namesThatNeedQuotesWork() throws IOException {
    Outcome outcome =
        job.dataset(
                "order",
                Fields.schema(Fields.bigint("group"), Fields.bigint("a \"b\"")),
                List.<@Nullable Object[]>of(row(1L, 2L)))
            .parameter("query", "SELECT \"group\", \"a \"\"b\"\"\" AS x FROM \"order\"")
            .run(new SqlApp());

    assertThat(outcome.rows("result")).containsExactly(row(1L, 2L));
  }

  @Test
  void manyRowsKeepTheirOrder() throws IOException {
    List<@Nullable Object[]> rows = new ArrayList<>();
    for (long i = 0; i < 300_000; i++) {
      rows.add(row(i % 7 == 0 ? null : i, "v" + i));
    }
    Outcome outcome =
        job.dataset("many", Fields.schema(Fields.bigint("i"), Fields.varchar("v")), rows)
            .parameter("query", "SELECT i, v FROM many")
            .run(new SqlApp());

    assertThat(texts(outcome.rows("result"))).isEqualTo(texts(rows));
  }

  private static @Nullable Object[] row(@Nullable Object... values) {
    return values;
  }

  private static List<String> texts(List<@Nullable Object[]> rows) {
    return rows.stream()
        .map(r -> Arrays.toString(Arrays.stream(r).map(SqlAppTest::text).toArray()))
        .toList();
  }

  private static Object text(@Nullable Object value) {
    return switch (value) {
      case null -> "NULL";
      case Timestamp t -> t.toLocalDateTime();
      case Date d -> d.toLocalDate();
      case BigDecimal d -> d.toPlainString();
      case Object o -> o;
    };
  }

  private static String errorOf(Outcome outcome) throws IOException {
    return outcome.exitCode() == 0 ? "" : outcome.error().toString();
  }

  /** Plain DuckDB, rows put in one by one. */
  private static List<@Nullable Object[]> direct(String query) throws SQLException {
    try (Connection connection = DriverManager.getConnection("jdbc:duckdb:")) {
      fill(connection, "patients", PATIENTS, PATIENT_ROWS);
      fill(connection, "claims", CLAIMS, CLAIM_ROWS);
      fill(connection, "sites", SITES, SITE_ROWS);
      fill(connection, "nobody", CLAIMS, List.of());
      List<@Nullable Object[]> rows = new ArrayList<>();
      try (Statement statement = connection.createStatement();
          ResultSet result = statement.executeQuery(query)) {
        while (result.next()) {
          @Nullable Object[] row = new @Nullable Object[result.getMetaData().getColumnCount()];
          for (int i = 0; i < row.length; i++) {
            row[i] = result.getObject(i + 1);
          }
          rows.add(row);
        }
      }
      return rows;
    }
  }

  private static void fill(
      Connection connection, String name, Schema schema, List<@Nullable Object[]> rows)
      throws SQLException {
    String columns =
        schema.getFields().stream()
            .map(f -> f.getName() + " " + Sql.type(f))
            .collect(Collectors.joining(", "));
    try (Statement statement = connection.createStatement()) {
      statement.execute("CREATE TABLE " + name + "(" + columns + ")");
    }
    String marks = String.join(", ", java.util.Collections.nCopies(schema.getFields().size(), "?"));
    try (PreparedStatement insert =
        connection.prepareStatement("INSERT INTO " + name + " VALUES (" + marks + ")")) {
      for (@Nullable Object[] row : rows) {
        for (int i = 0; i < row.length; i++) {
          insert.setObject(i + 1, row[i]);
        }
        insert.execute();
      }
    }
  }
}
