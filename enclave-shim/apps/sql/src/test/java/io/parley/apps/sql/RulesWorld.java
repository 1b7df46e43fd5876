package io.parley.apps.sql;

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
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.Schema;
import org.jspecify.annotations.Nullable;

/**
 * A hospital, an insurer and a city with their rules, the app on their data, and plain DuckDB on
 * the union of it. Groups of fewer than {@value #LEAST} are not told.
 */
final class RulesWorld implements AutoCloseable {
  static final int LEAST = 5;

  static final Schema ADMISSIONS =
      Fields.schema(
          Fields.bigint("patient"),
          Fields.varchar("ward"),
          Fields.integer("days"),
          Fields.date("admitted"),
          Fields.decimal("cost", 12, 2),
          Fields.bool("urgent"),
          Fields.varchar("note"));
  static final Schema CLAIMS =
      Fields.schema(Fields.bigint("patient"), Fields.float8("amount"), Fields.varchar("kind"));
  static final Schema WARDS = Fields.schema(Fields.varchar("ward"), Fields.varchar("region"));

  /** Somebody's who wants everybody's days: all patients in one half, all but one in the other. */
  static final Schema TWICE = Fields.schema(Fields.bigint("patient"), Fields.integer("half"));

  /** Somebody's whose values are ordinary, but for the four people of ward D. */
  static final Schema PROBE =
      Fields.schema(
          Fields.bigint("patient"),
          Fields.varchar("part"),
          Fields.float8("huge"),
          Fields.decimal("big", 38, 0),
          Fields.bigint("whole"),
          Fields.date("day"));

  private final Path folder;
  private final List<@Nullable Object[]> admissions = new ArrayList<>();
  private final List<@Nullable Object[]> claims = new ArrayList<>();
  private final List<@Nullable Object[]> wards = new ArrayList<>();
  private final List<@Nullable Object[]> twice = new ArrayList<>();
  private final List<@Nullable Object[]> probe = new ArrayList<>();
  private final Connection union;
  private final TestJob job;

  RulesWorld(Path folder) throws IOException, SQLException {
    this.folder = folder;
    makeRows();
    union = DriverManager.getConnection("jdbc:duckdb:");
    fill("admissions", ADMISSIONS, admissions);
    fill("claims", CLAIMS, claims);
    fill("wards", WARDS, wards);
    fill("twice", TWICE, twice);
    fill("probe", PROBE, probe);
    job =
        TestJob.in(folder)
            .dataset("admissions", ADMISSIONS, admissions)
            .dataset("claims", CLAIMS, claims)
            .dataset("wards", WARDS, wards)
            .dataset("twice", TWICE, twice)
            .dataset("probe", PROBE, probe);
    conditions(true);
    job.queries("within_rules");
    rules(Map.of("min_group", LEAST));
  }

  /** Many of ward A, five people in C, four in D, one with thirty stays in E, some nowhere. */
  private void makeRows() {
    Random random = new Random(4);
    for (long patient = 1; patient <= 60; patient++) {
      String ward =
          patient <= 25
              ? "A"
              : patient <= 45 ? "B" : patient <= 50 ? "C" : patient <= 54 ? "D" : null;
      admit(patient, ward, random);
      if (patient % 3 == 0) {
        admit(patient, ward, random);
      }
      if (patient % 7 == 0) {
        admit(patient, "A", random);
      }
    }
    for (int i = 0; i < 30; i++) {
      admit(99L, "E", random);
    }
    for (long patient = 10; patient <= 70; patient += 2) {
      String kind = patient % 4 == 0 ? "drug" : patient % 6 == 0 ? null : "surgery";
      claims.add(row(patient, patient % 10 == 0 ? null : patient * 2.5, kind));
    }
    claims.add(row(99L, 1000.0, "drug"));
    for (long patient = 1; patient <= 60; patient++) {
      twice.add(row(patient, 1));
      if (patient > 1) {
        twice.add(row(patient, 2));
      }
    }
    for (long patient = 1; patient <= 50; patient++) {
      LocalDate day = LocalDate.of(2024, 1, 1).plusDays(20 * patient);
      probe.add(row(patient, "most", 1.5 * patient, BigDecimal.valueOf(patient), patient, day));
    }
    BigDecimal nines = BigDecimal.TEN.pow(38).subtract(BigDecimal.ONE);
    LocalDate far = LocalDate.of(5_000_000, 1, 1);
    probe.add(row(51L, "few", 1e308, nines, Long.MAX_VALUE, far));
    probe.add(row(52L, "few", -1e308, nines, Long.MAX_VALUE, far));
    probe.add(row(53L, "few", Double.POSITIVE_INFINITY, nines, Long.MIN_VALUE, far));
    probe.add(row(54L, "few", Double.NaN, nines, Long.MIN_VALUE, far));
    wards.add(row("A", "north"));
    wards.add(row("B", "north"));
    wards.add(row("C", "south"));
    wards.add(row("D", "south"));
    wards.add(row("E", "south"));
  }

  private void admit(long patient, @Nullable String ward, Random random) {
    admissions.add(
        row(
            patient,
            ward,
            random.nextInt(8) == 0 ? null : random.nextInt(30) + 1,
            LocalDate.of(2024 + random.nextInt(2), random.nextInt(12) + 1, 1 + random.nextInt(28)),
            BigDecimal.valueOf(random.nextInt(1_000_000), 2),
            random.nextInt(5) == 0 ? null : random.nextBoolean(),
            "secret" + patient));
  }

  void conditions(boolean stated) {
    job.conditions(
        "admissions",
        conditions(
            "hospital",
            ADMISSIONS,
            "patient",
            stated,
            Map.of(
                "join", List.of("patient", "ward"),
                "group", List.of("ward", "admitted", "urgent", "patient"),
                "filter", List.of("ward", "days", "admitted", "urgent", "cost"),
                "aggregate",
                    Map.of(
                        "days",
                            List.of(
                                "avg",
                                "count",
                                "max",
                                "median",
                                "min",
                                "stddev",
                                "sum",
                                "variance"),
                        "cost", List.of("avg", "sum"),
                        "patient", List.of("count_distinct"),
                        "*", List.of("count")))));
    job.conditions(
        "claims",
        conditions(
            "insurer",
            CLAIMS,
            "patient",
            stated,
            Map.of(
                "join", List.of("patient"),
                "group", List.of("kind"),
                "filter", List.of("kind"),
                "aggregate",
                    Map.of("amount", List.of("avg", "count", "sum"), "*", List.of("count")))));
    job.conditions(
        "twice",
        conditions(
            "insurer",
            TWICE,
            "",
            stated,
            Map.of(
                "join", List.of("patient"),
                "group", List.of("half"),
                "filter", List.of("half"),
                "aggregate", Map.of("*", List.of("count")))));
    List<String> figures =
        List.of("avg", "count", "max", "median", "min", "stddev", "sum", "variance");
    job.conditions(
        "probe",
        conditions(
            "insurer",
            PROBE,
            "patient",
            stated,
            Map.of(
                "join", List.of("patient"),
                "group", List.of("part", "day"),
                "filter", List.of("part", "day"),
                "aggregate",
                    Map.of(
                        "huge", figures,
                        "big", figures,
                        "whole", figures,
                        "*", List.of("count")))));
    job.conditions(
        "wards",
        conditions(
            "city",
            WARDS,
            "",
            stated,
            Map.of(
                "join", List.of("ward"),
                "group", List.of("region"),
                "filter", List.of("region"),
                "list", List.of("ward", "region"),
                "aggregate", Map.of("*", List.of("count")))));
  }

  /** Wards are what an earlier step of a chain wrote: nothing but their columns is known. */
  void handedOn() {
    Object columns = conditions("", WARDS, "", false, Map.of()).get("columns");
    job.conditions("wards", Map.of("columns", java.util.Objects.requireNonNull(columns)));
    job.queries("fixed");
  }

  private static Map<String, Object> conditions(
      String owner, Schema schema, String identity, boolean stated, Map<String, Object> usage) {
    Map<String, Object> conditions = new LinkedHashMap<>();
    conditions.put("owner", owner);
    conditions.put(
        "columns",
        schema.getFields().stream()
            .map(field ->
                Map.of(
                    "name", field.getName(),
                    "type", Sql.type(field).replace(" ", ""),
                    "nullable", !field.getName().equals("patient")))
            .toList());
    if (!identity.isEmpty()) {
      conditions.put("identity", identity);
    }
    if (stated) {
      conditions.put("usage", usage);
    }
    return conditions;
  }

  void rules(Map<String, Object> ofResult) {
    job.rules("result", ofResult);
  }

  void queries(String who) {
    job.queries(who);
  }

  /** What the app says of this query. */
  Outcome run(String query) throws IOException {
    try (Stream<Path> files = Files.list(folder.resolve("out"))) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
    }
    return job.parameter("query", query).run(new SqlApp());
  }

  void parameter(String name, String value) {
    job.parameter(name, value);
  }

  void parameter(String name, String type, String value) {
    job.parameter(name, type, value);
  }

  /** The reason and the message of a refusal; empty when there was none. */
  static String refusal(Outcome outcome) throws IOException {
    return outcome.exitCode() == 0
        ? ""
        : outcome.error().path("reason").asText() + ": " + outcome.error().path("message").asText();
  }

  /** The rows of a result as texts. */
  static List<String> rows(Outcome outcome) throws IOException {
    return outcome.rows("result").stream().map(RulesWorld::line).toList();
  }

  /** The rows that plain DuckDB gives on the union. */
  List<String> union(String query) throws SQLException {
    List<String> rows = new ArrayList<>();
    try (Statement statement = union.createStatement();
        ResultSet result = statement.executeQuery(query)) {
      while (result.next()) {
        @Nullable Object[] row = new @Nullable Object[result.getMetaData().getColumnCount()];
        for (int i = 0; i < row.length; i++) {
          row[i] = result.getObject(i + 1);
        }
        rows.add(line(row));
      }
    }
    return rows;
  }

  private static String line(@Nullable Object[] row) {
    return Arrays.stream(row).map(RulesWorld::text).collect(Collectors.joining("|"));
  }

  private static String text(@Nullable Object value) {
    return switch (value) {
      case null -> "NULL";
      case Timestamp t -> t.toLocalDateTime().toString();
      case Date d -> d.toLocalDate().toString();
      case BigDecimal d -> d.toPlainString();
      // Sums of doubles depend on the order of rows in their last digits.
      case Double d -> "%.6f".formatted(d);
      case Object o -> o.toString();
    };
  }

  private static @Nullable Object[] row(@Nullable Object... values) {
    return values;
  }

  private void fill(String name, Schema schema, List<@Nullable Object[]> rows) throws SQLException {
    List<Field> fields = schema.getFields();
    String columns =
        fields.stream().map(f -> f.getName() + " " + Sql.type(f)).collect(Collectors.joining(", "));
    try (Statement statement = union.createStatement()) {
      statement.execute("CREATE TABLE " + name + "(" + columns + ")");
    }
    String marks = String.join(", ", Collections.nCopies(fields.size(), "?"));
    try (PreparedStatement insert =
        union.prepareStatement("INSERT INTO " + name + " VALUES (" + marks + ")")) {
      for (@Nullable Object[] row : rows) {
        for (int i = 0; i < row.length; i++) {
          insert.setObject(i + 1, row[i]);
        }
        insert.execute();
      }
    }
  }

  @Override
  public void close() throws SQLException {
    union.close();
  }
}
