package io.parley.apps.sql;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.parley.rules.Grant;
import io.parley.rules.GrantSuggestion;
import io.parley.rules.QueryRules;
import io.parley.sdk.Dataset;
import io.parley.sdk.JobContext;
import io.parley.sdk.testing.TestJob.Outcome;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What conditions do besides granting: rounding, fixed queries, parameters, members of groups. */
class RulesTest {
  @TempDir Path folder;
  private RulesWorld world;

  @BeforeEach
  void layOut() throws IOException, SQLException {
    world = new RulesWorld(folder);
  }

  @AfterEach
  void close() throws SQLException {
    world.close();
  }

  @ParameterizedTest
  @CsvSource({"5", "100", "0.5", "0.01", "1"})
  void aggregatesAreRoundedWhereverTheyStand(String step) throws Exception {
    world.rules(Map.of("min_group", RulesWorld.LEAST, "rounding", Map.of("*", step)));

    Outcome outcome =
        world.run(
            "SELECT ward, avg(days) AS a, 1000 * avg(days) AS finer, count(*) AS n FROM admissions"
                + " GROUP BY ward HAVING avg(days) > 0");

    assertThat(RulesWorld.refusal(outcome)).isEmpty();
    assertThat(RulesWorld.rows(outcome))
        .containsExactlyInAnyOrderElementsOf(
            world.union(
                ("SELECT ward, round(avg(days) / {s}) * {s}, 1000 * round(avg(days) / {s}) * {s},"
                        + " CASE WHEN {s} > 1 THEN CAST(round(count(*) / {s}) * {s} AS BIGINT)"
                        + " ELSE count(*) END FROM admissions GROUP BY ward"
                        + " HAVING count(DISTINCT patient) FILTER (WHERE days IS NOT NULL) >= 5"
                        + " AND round(avg(days) / {s}) * {s} > 0")
                    .replace("{s}", step + "::DOUBLE")));
  }

  @Test
  void roundingHoldsInConditionsAndOrders() throws Exception {
    world.rules(Map.of("min_group", RulesWorld.LEAST, "rounding", Map.of("*", "1000000")));

    Outcome outcome = world.run("SELECT ward FROM admissions GROUP BY ward HAVING sum(days) > 3");

    assertThat(RulesWorld.rows(outcome)).as("all sums are zero now").isEmpty();
  }

  @Test
  void whatAnEarlierStepWroteMakesGroupsAndRowsWithConditionsKeepTheirs() throws Exception {
    world.handedOn();
    String from = " FROM admissions a JOIN wards w ON a.ward = w.ward GROUP BY ";

    Outcome outcome =
        world.run("SELECT w.ward, w.region, count(*) AS n" + from + "w.ward, w.region");

    assertThat(RulesWorld.refusal(outcome)).isEmpty();
    assertThat(RulesWorld.rows(outcome))
        .isNotEmpty()
        .containsExactlyInAnyOrderElementsOf(
            world.union(
                "SELECT w.ward, w.region, count(*)"
                    + from
                    + "w.ward, w.region HAVING count(DISTINCT a.patient) >= "
                    + RulesWorld.LEAST));
    assertThat(RulesWorld.refusal(world.run("SELECT a.note, count(*) AS n" + from + "a.note")))
        .startsWith("RULE_GROUP");
  }

  @Test
  void withoutAnythingStatedNothingIsAllowedToJobs() throws Exception {
    world.conditions(false);

    assertThat(RulesWorld.refusal(world.run("SELECT count(*) AS n FROM admissions")))
        .startsWith("RULE_AGGREGATE: rows of 'admissions' may not be counted");
    world.rules(Map.of());
    assertThat(RulesWorld.refusal(world.run("SELECT 1 AS x FROM admissions")))
        .startsWith("RULE_AGGREGATE: rows of 'admissions' may not be counted");
  }

  @Test
  void aFixedQueryIsItsOwnPermissionAndTheThresholdHolds() throws Exception {
    world.conditions(false);
    world.queries("fixed");
    String query = "SELECT note AS x, max(cost) AS m, count(*) AS n FROM admissions GROUP BY note";

    assertThat(RulesWorld.rows(world.run(query))).as("each note is one person's").isEmpty();
    assertThat(RulesWorld.refusal(world.run("SELECT note FROM admissions")))
        .startsWith("RULE_LIST");

    world.rules(Map.of());
    assertThat(RulesWorld.rows(world.run("SELECT max(note) AS n FROM admissions"))).hasSize(1);
  }

  @Test
  void aFixedQueryKeepsToWhatIsStated() throws Exception {
    world.queries("fixed");
    world.rules(Map.of());

    assertThat(RulesWorld.refusal(world.run("SELECT max(cost) AS m FROM admissions")))
        .startsWith("RULE_AGGREGATE");
    assertThat(RulesWorld.rows(world.run("SELECT region, ward FROM wards ORDER BY ward DESC")))
        .containsExactly("south|E", "south|D", "south|C", "north|B", "north|A");
  }

  /** That a row is there tells what it was joined on and chosen by. */
  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "SELECT 1 AS x FROM wards;",
        "SELECT ward FROM wards WHERE region = 'north';",
        "SELECT 1 AS x FROM admissions WHERE ward = 'E';ward",
        "SELECT w.region FROM wards w JOIN admissions a ON w.ward = a.ward;ward",
        "SELECT w.ward FROM wards w JOIN (SELECT ward FROM admissions WHERE days > 9) a USING (ward);days ward"
      })
  void rowsAreListedOnlyByWhatMayBeListed(String query, @Nullable String missing) throws Exception {
    world.rules(Map.of());

    String refusal = RulesWorld.refusal(world.run(query));

    List<String> grants =
        missing == null
            ? List.of()
            : Stream.of(missing.split(" "))
                .map("datasets.admissions.usage.list: [%s]"::formatted)
                .toList();
    assertThat(suggested(query)).isEqualTo(grants);
    assertThat(refusal.lines()).hasSameSizeAs(grants);
    assertThat(grants).allSatisfy(grant -> assertThat(refusal).contains(grant));
  }

  private List<String> suggested(String query) throws Exception {
    JsonNode params = new ObjectMapper().readTree(folder.resolve("in/params.json").toFile());
    try (Engine engine = Engine.open(0, 1)) {
      return GrantSuggestion.of(engine.parseTree(query), QueryRules.fromParams(params, "result"))
          .stream()
          .map(Grant::text)
          .toList();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "SELECT ward, count(*) AS n FROM admissions WHERE days > $since GROUP BY ward",
        "SELECT ward, count(*) AS n FROM admissions WHERE days > CAST($since AS INTEGER) GROUP BY 1",
        "SELECT ward, count(*) AS n FROM (SELECT * FROM admissions WHERE days > $SINCE) s GROUP BY ward"
      })
  void parametersAreBoundAsTheColumnsType(String query) throws Exception {
    world.parameter("since", "12");

    Outcome outcome = world.run(query);

    assertThat(RulesWorld.refusal(outcome)).isEmpty();
    assertThat(RulesWorld.rows(outcome))
        .containsExactlyInAnyOrderElementsOf(
            world.union(
                "SELECT ward, count(*) FROM admissions WHERE days > 12 GROUP BY ward"
                    + " HAVING count(DISTINCT patient) >= 5"));
  }

  /** What a number would be as text, or as a number of the column's type, gives another answer. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "INTEGER | 9 | $p < $q",
        "TINYINT | 9 | $p < $q",
        "SMALLINT | 9 | NOT ($p >= $q)",
        "BIGINT | 9 | $p BETWEEN 1 AND $q",
        "FLOAT | 9.5 | $p < $q",
        "DOUBLE | 12.4 | days >= $p AND days > $q",
        "DOUBLE | 12.4 | days IN (13, 14, 15) AND $p + 1 < 14 AND $q IN (10, 11)",
        "'DECIMAL(5,2)' | 12.40 | days >= $p AND days > $q",
        "'DECIMAL(7,3)' | 2500.505 | cost > $p AND $q IS NOT NULL",
        "INTEGER | 2500 | cost > $p AND $q IS NOT NULL",
        "BIGINT | 9223372036854775807 | cost < $p AND $q IS NOT NULL",
        "DOUBLE | 2500.5 | cost > $p AND $q IS NOT NULL",
        "DATE | 2024-06-01 | admitted >= $p AND $q IS NOT NULL",
        "DATE | 2024-06-01 | $p > '2024-05-31' AND $q IS NOT NULL",
        "TIMESTAMP | 2024-06-01T12:00:00 | date_trunc('day', admitted) >= $p AND $q IS NOT NULL",
        "BOOLEAN | true | urgent = $p AND $p AND $q IS NOT NULL",
        "VARCHAR | A | ward = $p AND $q IS NOT NULL",
        "VARCHAR | 9 | $p < $q"
      })
  void aParameterIsAValueOfItsType(String type, String value, String condition) throws Exception {
    world.parameter("p", type, value);
    world.parameter("q", "INTEGER", "10");

    // A text takes the type of what it is compared with.
    String constant =
        type.equals("VARCHAR") ? "'" + value + "'" : "CAST('%s' AS %s)".formatted(value, type);

    Outcome outcome = world.run("SELECT count(*) AS n FROM admissions WHERE " + condition);

    assertThat(RulesWorld.refusal(outcome)).isEmpty();
    assertThat(RulesWorld.rows(outcome))
        .containsExactlyElementsOf(
            world.union(
                "SELECT count(*) FROM admissions WHERE "
                    + condition.replace("$p", constant).replace("$q", "10")));
  }

  @Test
  void castsOfAParameterAreMadeInTheirOrder() throws Exception {
    world.parameter("p", "DOUBLE", "2.5");

    Outcome outcome =
        world.run(
            "SELECT count(*) AS n FROM admissions WHERE days > CAST(CAST($p AS INTEGER) AS DOUBLE)");

    assertThat(RulesWorld.rows(outcome))
        .isEqualTo(world.union("SELECT count(*) FROM admissions WHERE days > 2"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "INTEGER | 7 | ward = $p",
        "TIMESTAMP | 2024-06-01T12:00:00 | admitted = $p",
        "DATE | 2024-06-01 | days > $p",
        "BOOLEAN | true | days > $p",
        "INTEGER | 7 | ward LIKE $p"
      })
  void aParameterOfATypeThatDoesNotFitIsRefused(String type, String value, String condition)
      throws Exception {
    world.parameter("p", type, value);

    assertThat(
            RulesWorld.refusal(
                world.run("SELECT count(*) AS n FROM admissions WHERE " + condition)))
        .startsWith("RULE_TYPE: ");
  }

  @Test
  void aParameterCanGroup() throws Exception {
    world.parameter("mine", "A");

    Outcome outcome =
        world.run(
            "SELECT CASE WHEN ward = $mine THEN 'mine' ELSE 'other' END AS w, count(*) AS n"
                + " FROM admissions GROUP BY w");

    assertThat(RulesWorld.refusal(outcome)).isEmpty();
    assertThat(RulesWorld.rows(outcome)).hasSize(2);
  }

  @Test
  void aParameterOfAnotherTypeIsToldWithoutItsValue() throws Exception {
    world.parameter("since", "yesterday");

    String refusal =
        RulesWorld.refusal(world.run("SELECT count(*) AS n FROM admissions WHERE days > $since"));

    assertThat(refusal).startsWith("INVALID_PARAMETER: ").doesNotContain("yesterday");
  }

  /** It would fail for no row but those of the one patient in ward E. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "CASE WHEN ward = 'E' THEN DATE 'garbage' ELSE admitted END",
        "CASE WHEN ward = 'E' THEN CAST('2024-02-30' AS DATE) ELSE admitted END",
        "CASE WHEN ward = 'E' THEN TIMESTAMP '2024-01-01 25:00:00' END",
        "CASE WHEN ward = 'E' THEN CAST('300' AS TINYINT) ELSE 1 END",
        "CASE WHEN ward = 'E' THEN CAST(100000 AS DECIMAL(4, 2)) END",
        "CASE WHEN ward = 'E' THEN CAST('99999999999999999999999' AS BIGINT) ELSE 1 END"
      })
  void aConstantThatIsNoneFailsWhateverTheRowsAre(String key) throws Exception {
    for (String filter : List.of("ward = 'E'", "ward = 'nowhere'")) {
      Outcome outcome =
          world.run(
              "SELECT %s AS k, count(*) AS n FROM admissions WHERE %s GROUP BY k"
                  .formatted(key, filter));

      assertThat(RulesWorld.refusal(outcome)).startsWith("INVALID_QUERY: ");
      assertThat(outcome.error().path("message").asText()).doesNotContain("on the rows");
    }
  }

  @Test
  void aParameterThatIsNoValueFailsWhateverTheRowsAre() throws Exception {
    world.parameter("p", "garbage");
    for (String filter : List.of("ward = 'E'", "ward = 'nowhere'")) {
      assertThat(
              RulesWorld.refusal(
                  world.run(
                      "SELECT CASE WHEN ward = 'E' THEN $p ELSE admitted END AS k, count(*) AS n"
                          + " FROM admissions WHERE %s GROUP BY k".formatted(filter))))
          .startsWith("INVALID_PARAMETER: parameter 'p' is no value of DATE");
    }
  }

  @Test
  void everyGrantThatIsMissingIsTold() throws Exception {
    Outcome outcome =
        world.run("SELECT note, max(cost) AS m FROM admissions WHERE patient = 3 GROUP BY note");

    assertThat(outcome.error().path("message").asText().lines())
        .hasSize(3)
        .anyMatch(line -> line.contains("usage.filter: [patient]"))
        .anyMatch(line -> line.contains("usage.group: [note]"))
        .anyMatch(line -> line.contains("usage.aggregate.cost: [max]"));
    JsonNode metadata = outcome.error().path("metadata");
    assertThat(metadata.path("party").asText()).isEqualTo("hospital");
    assertThat(metadata.path("table").asText()).isEqualTo("admissions");
    assertThat(metadata.path("column").asText()).isEqualTo("patient");
    assertThat(metadata.path("grant").asText())
        .isEqualTo("datasets.admissions.usage.filter: [patient]");
  }

  @Test
  void theOrderOfRowsTellsNothing() throws Exception {
    List<String> rows =
        RulesWorld.rows(world.run("SELECT ward, count(*) AS n FROM admissions GROUP BY ALL"));

    assertThat(rows).isSorted();
  }

  @Test
  void membersOfGroupsAreThoseOfTheGroupsThatAreTold() throws Exception {
    Map<Long, TreeSet<String>> groups =
        members(
            "SELECT ward AS G0, count(*) AS n FROM admissions WHERE days > 2 GROUP BY ward ORDER BY n",
            "admissions");

    List<String> expected =
        world.union(
            "SELECT string_agg(p, ',' ORDER BY p) FROM (SELECT DISTINCT ward, patient::VARCHAR AS p"
                + " FROM admissions WHERE days > 2) GROUP BY ward HAVING count(*) >= 5");
    assertThat(groups.values().stream().map(g -> String.join(",", g)))
        .containsExactlyInAnyOrderElementsOf(expected);
    assertThat(groups.keySet()).containsExactly(0L, 1L, 2L);
  }

  @Test
  void membersOfEachDatasetHaveTheSameGroups() throws Exception {
    String query =
        "SELECT a.urgent, count(*) AS n FROM admissions a LEFT JOIN claims c ON a.patient = c.patient"
            + " GROUP BY a.urgent";
    Map<Long, TreeSet<String>> admitted = members(query, "admissions");
    Map<Long, TreeSet<String>> claimed = members(query, "claims");

    assertThat(admitted).hasSize(3);
    assertThat(claimed.keySet()).isEqualTo(admitted.keySet());
    claimed.forEach((group, members) -> assertThat(admitted.get(group)).containsAll(members));
  }

  @ParameterizedTest
  @ValueSource(strings = {"HAVING sum(days) > 1000000", "ORDER BY sum(days) LIMIT 1 OFFSET 1"})
  void whatPicksAmongGroupsChangesNothingAboutTheirMembers(String picks) throws Exception {
    String query = "SELECT ward, sum(days) AS d FROM admissions GROUP BY ward ";

    assertThat(members(query + picks, "admissions")).isEqualTo(members(query, "admissions"));
    assertThat(members("SELECT sum(days) AS d FROM admissions " + picks, "admissions"))
        .isEqualTo(members("SELECT sum(days) AS d FROM admissions", "admissions"));
  }

  @Test
  void aFigureFailsOnAGroupThatIsToldAndOnNoOther() throws Exception {
    world.rules(Map.of("min_group", RulesWorld.LEAST, "rounding", Map.of("*", "100")));

    // The largest whole number, rounded up, is none any more; but only four have it.
    assertThat(
            RulesWorld.refusal(
                world.run(
                    "SELECT part, max(whole) AS m FROM probe GROUP BY part HAVING max(whole) > 3")))
        .isEmpty();
    assertThat(RulesWorld.refusal(world.run("SELECT max(whole) AS m FROM probe")))
        .startsWith("INVALID_QUERY: ")
        .contains("Conversion Error");
  }

  @Test
  void oneGroupOfAllHasMembersToo() throws Exception {
    assertThat(members("SELECT count(*) AS n FROM admissions", "admissions").get(0L)).hasSize(61);
    assertThat(members("SELECT count(*) AS n FROM admissions WHERE ward = 'D'", "admissions"))
        .isEmpty();
    assertThat(members("SELECT count(*) AS n FROM admissions", "claims")).isEmpty();
  }

  /** As the app asks for them, with the rows in place. */
  private Map<Long, TreeSet<String>> members(String text, String dataset) throws Exception {
    Outcome outcome = world.run(text);
    assertThat(RulesWorld.refusal(outcome)).isEmpty();
    Map<Long, TreeSet<String>> groups = new TreeMap<>();
    JsonNode params = new ObjectMapper().readTree(folder.resolve("in/params.json").toFile());
    io.parley.sdk.AppMain.run(
        folder.resolve("in"),
        folder.resolve("out"),
        io.parley.sdk.Progress.to(new java.io.ByteArrayOutputStream()),
        job -> members(job, text, dataset, params, groups));
    return groups;
  }

  private static void members(
      JobContext job,
      String text,
      String dataset,
      JsonNode params,
      Map<Long, TreeSet<String>> groups)
      throws Exception {
    try (Engine engine = Engine.open(0, 2)) {
      engine.createTables(job.datasets());
      Query query =
          RuledQuery.check(
              engine, engine.parseTree(text), QueryRules.fromParams(params, "result"), Map.of());
      engine.bind(query, job.datasets());
      for (Dataset each : job.datasets()) {
        engine.load(each, job.allocator());
      }
      engine.lock();
      if (query.members().containsKey(dataset)) {
        engine.stream(
            query.beside(query.members().get(dataset).sql()),
            row ->
                groups.computeIfAbsent(row.getLong(1), _ -> new TreeSet<>()).add(row.getString(2)));
      }
    }
  }
}
