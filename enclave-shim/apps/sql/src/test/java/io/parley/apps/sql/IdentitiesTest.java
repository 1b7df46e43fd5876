package io.parley.apps.sql;

import static org.assertj.core.api.Assertions.assertThat;

import io.parley.sdk.Fields;
import io.parley.sdk.testing.TestJob;
import io.parley.sdk.testing.TestJob.Outcome;
import java.io.DataInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.LongFunction;
import org.apache.arrow.vector.types.pojo.Schema;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the app tells about whose rows are in its answer. */
class IdentitiesTest {
  private static final Schema ADMISSIONS =
      Fields.schema(
          Fields.bigint("patient"),
          Fields.varchar("ward"),
          Fields.varchar("sex"),
          Fields.integer("days"));
  private static final Schema CLAIMS =
      Fields.schema(Fields.bigint("patient"), Fields.float8("amount"));

  @TempDir Path folder;
  private int jobs;

  /** One dataset's part of the file: contributions by group and identity. */
  private record Section(
      List<String> measures,
      int groups,
      List<List<Integer>> unions,
      TreeMap<Integer, TreeMap<String, List<Long>>> members) {
    /** Identities and contributions without their groups. */
    TreeMap<String, List<Long>> group(int number) {
      return Objects.requireNonNull(members.get(number));
    }
  }

  @Test
  void everyGroupThatIsToldHasItsPeople() throws Exception {
    Section section =
        ask("SELECT ward, count(*) AS n, sum(days) AS d FROM admissions GROUP BY ward");

    // Ward C has three patients, so it is not told.
    assertThat(section.measures()).containsExactly("*", "admissions.days");
    assertThat(section.groups()).isEqualTo(2);
    assertThat(section.group(0)).hasSize(20);
    assertThat(section.group(1)).hasSize(20);
    TreeSet<String> both = new TreeSet<>(section.group(0).keySet());
    both.retainAll(section.group(1).keySet());
    assertThat(both).isEmpty();
  }

  @Test
  void whoAndWhatIsTheSameForEveryQuery() throws Exception {
    Section whole = ask("SELECT sum(days) AS d FROM admissions");
    Section other =
        ask("SELECT avg(a.days) AS d, count(*) AS n FROM admissions a WHERE a.days >= 0 LIMIT 9");
    Section joined =
        ask("SELECT sum(a.days) AS d FROM admissions a JOIN claims c ON a.patient = c.patient");

    assertThat(other).isEqualTo(whole);
    assertThat(joined.group(0).keySet()).isSubsetOf(whole.group(0).keySet());
    joined.group(0).forEach((id, values) -> assertThat(values).isEqualTo(whole.group(0).get(id)));
  }

  @Test
  void aRowMoreOrLessChangesWhatOnePersonContributes() throws Exception {
    Section whole = ask("SELECT sum(days) AS d FROM admissions");
    rows =
        patient ->
            patient == 7
                ? List.of(row(7, 3), row(7, 4))
                : Collections.singletonList(row(patient, 3));
    Section more = ask("SELECT sum(days) AS d FROM admissions");

    assertThat(more.group(0).keySet()).isEqualTo(whole.group(0).keySet());
    assertThat(
            whole.group(0).keySet().stream()
                .filter(id -> !Objects.equals(whole.group(0).get(id), more.group(0).get(id))))
        .hasSize(1);
  }

  @Test
  void contributionsAddUpOverGroups() throws Exception {
    rows = patient -> List.of(row(patient, 3), row(patient, 4), row(patient, null));
    Section whole = ask("SELECT sum(days) AS d FROM admissions");
    Section groups = ask("SELECT days, sum(days) AS d FROM admissions GROUP BY days");

    assertThat(groups.groups()).isEqualTo(2);
    TreeMap<String, List<Long>> sums = new TreeMap<>(groups.group(0));
    groups
        .group(1)
        .forEach((id, values) ->
            sums.merge(id, values, (a, b) -> List.of(a.get(0) + b.get(0), a.get(1) + b.get(1))));
    Section told = ask("SELECT sum(days) AS d FROM admissions WHERE days > 0");
    assertThat(sums).isEqualTo(told.group(0));
    assertThat(whole.group(0).firstEntry().getValue().getFirst()).isEqualTo(3);
  }

  @Test
  void groupsByTwoColumnsAreUnitedByEach() throws Exception {
    Section section = ask("SELECT ward, sex, count(*) AS n FROM admissions GROUP BY sex, ward");

    // Groups are in the order of sex, then ward: f A, f B, m A, m B.
    assertThat(section.groups()).isEqualTo(4);
    assertThat(section.unions()).containsExactly(List.of(0, 0, 1, 1), List.of(0, 1, 0, 1));
  }

  @Test
  void ofADatasetThatTheQueryDoesNotNameNothingIsTold() throws Exception {
    Map<String, Section> sections = askAll("SELECT count(*) AS n FROM admissions");

    assertThat(sections.keySet()).containsExactly("admissions", "claims");
    assertThat(section(sections, "claims").groups()).isZero();
  }

  @Test
  void whatAnOuterJoinMadeUpIsNobodys() throws Exception {
    Section section =
        section(
            askAll(
                "SELECT a.ward, sum(c.amount) AS s FROM admissions a LEFT JOIN claims c"
                    + " ON a.patient = c.patient GROUP BY a.ward"),
            "claims");

    assertThat(section.measures()).containsExactly("*", "claims.amount");
    assertThat(section.group(0)).hasSize(20);
    // Of the twenty in B eight have a claim.
    assertThat(section.group(1)).hasSize(8);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "HAVING sum(days) > 1000000",
        "HAVING sum(days) < 1000000",
        "ORDER BY sum(days) LIMIT 0",
        "ORDER BY sum(days) LIMIT 1 OFFSET 1"
      })
  void whatPicksAmongGroupsIsNoDifference(String picks) throws Exception {
    for (String of :
        List.of(
            "SELECT sum(days) AS d FROM admissions ",
            "SELECT ward, sum(days) AS d FROM admissions GROUP BY ward ")) {
      assertThat(ask(of + picks)).isEqualTo(ask(of));
    }
  }

  /** Whether it does says something of the sum. */
  @Test
  void aQueryThatFailsOnItsRowsHasToldWhoseTheyAre() throws Exception {
    Section told = ask("SELECT sum(days) AS d FROM admissions");
    query = "SELECT CAST(sum(days) - 10000 AS TINYINT) AS d FROM admissions";

    Outcome outcome = job(true).run(new SqlApp());

    assertThat(outcome.error().path("reason").asText()).isEqualTo("INVALID_QUERY");
    assertThat(section(read(outcome.folder().resolve("identities.bin")), "admissions"))
        .isEqualTo(told);
  }

  @Test
  void aQueryThatIsRefusedHasToldNothing() throws Exception {
    query = "SELECT max(days) AS d FROM admissions";

    Outcome outcome = job(true).run(new SqlApp());

    assertThat(outcome.error().path("reason").asText()).isEqualTo("RULE_AGGREGATE");
    assertThat(outcome.folder().resolve("identities.bin")).doesNotExist();
  }

  @Test
  void withoutBeingAskedItTellsNothing() throws Exception {
    Outcome outcome = job(false).run(new SqlApp());

    assertThat(outcome.exitCode()).isZero();
    assertThat(outcome.folder().resolve("identities.bin")).doesNotExist();
  }

  private LongFunction<List<@Nullable Object[]>> rows =
      patient -> Collections.singletonList(row(patient, 3));
  private String query = "SELECT count(*) AS n FROM admissions";

  private static @Nullable Object[] row(long patient, @Nullable Integer days) {
    String ward = patient < 20 ? "A" : patient < 40 ? "B" : "C";
    return new @Nullable Object[] {patient, ward, patient % 2 == 0 ? "f" : "m", days};
  }

  private Section ask(String text) throws IOException {
    return section(askAll(text), "admissions");
  }

  private static Section section(Map<String, Section> sections, String dataset) {
    return Objects.requireNonNull(sections.get(dataset));
  }

  private Map<String, Section> askAll(String text) throws IOException {
    query = text;
    Outcome outcome = job(true).run(new SqlApp());
    assertThat(outcome.exitCode()).isZero();
    return read(outcome.folder().resolve("identities.bin"));
  }

  private TestJob job(boolean told) throws IOException {
    List<@Nullable Object[]> admissions = new ArrayList<>();
    List<@Nullable Object[]> claims = new ArrayList<>();
    for (long patient = 0; patient < 43; patient++) {
      admissions.addAll(rows.apply(patient));
      if (patient < 28) {
        claims.add(new @Nullable Object[] {patient, 1.5 * patient});
      }
    }
    List<String> all = List.of("patient", "ward", "sex", "days");
    TestJob job =
        TestJob.in(folder.resolve("job" + jobs++))
            .dataset("admissions", ADMISSIONS, admissions)
            .dataset("claims", CLAIMS, claims)
            .conditions("admissions", conditions(ADMISSIONS, all, "days"))
            .conditions("claims", conditions(CLAIMS, List.of("patient"), "amount"))
            .queries("within_rules")
            .rules("result", Map.of("min_group", 5))
            .parameter("query", query);
    return told ? job.identities("admissions", "claims") : job;
  }

  private static Map<String, Object> conditions(
      Schema schema, List<String> columns, String aggregated) {
    List<Map<String, Object>> types = new ArrayList<>();
    schema
        .getFields()
        .forEach(field ->
            types.add(
                Map.of(
                    "name",
                    field.getName(),
                    "type",
                    switch (field.getName()) {
                      case "patient" -> "BIGINT";
                      case "days" -> "INTEGER";
                      case "amount" -> "DOUBLE";
                      default -> "VARCHAR";
                    },
                    "nullable",
                    true)));
    return Map.of(
        "owner",
        "hospital",
        "columns",
        types,
        "identity",
        "patient",
        "usage",
        Map.of(
            "join",
            List.of("patient"),
            "group",
            columns,
            "filter",
            columns,
            "aggregate",
            Map.of("*", List.of("count"), aggregated, List.of("sum", "avg"))));
  }

  /** As the shim reads it. */
  private static Map<String, Section> read(Path file) throws IOException {
    try (DataInputStream in = new DataInputStream(Files.newInputStream(file))) {
      assertThat(in.readNBytes(8)).asString().isEqualTo("PARLEYI1");
      Map<String, Section> sections = new TreeMap<>();
      int count = in.readUnsignedShort();
      for (int i = 0; i < count; i++) {
        sections.put(in.readUTF(), section(in));
      }
      assertThat(in.read()).isEqualTo(-1);
      return sections;
    }
  }

  private static Section section(DataInputStream in) throws IOException {
    List<String> measures = new ArrayList<>();
    int count = in.readUnsignedShort();
    for (int m = 0; m < count; m++) {
      measures.add(in.readUTF());
    }
    int groups = in.readInt();
    List<List<Integer>> unions = new ArrayList<>();
    int ways = in.readUnsignedShort();
    for (int u = 0; u < ways; u++) {
      List<Integer> sets = new ArrayList<>();
      for (int g = 0; g < groups; g++) {
        sets.add(in.readInt());
      }
      unions.add(sets);
    }
    TreeMap<Integer, TreeMap<String, List<Long>>> members = new TreeMap<>();
    String before = "";
    while (in.readByte() == 1) {
      String id = HexFormat.of().formatHex(in.readNBytes(16));
      int group = in.readInt();
      assertThat(id).isGreaterThanOrEqualTo(before);
      before = id;
      List<Long> values = new ArrayList<>();
      for (int m = 0; m < count; m++) {
        values.add(in.readLong());
      }
      members.computeIfAbsent(group, _ -> new TreeMap<>()).put(id, values);
    }
    return new Section(measures, groups, unions, members);
  }
}
