package io.parley.peer.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class QueryCommandsTest {
  private static final String AGREEMENT =
      """
      agreement: wards
      parties: [hospital, insurer]
      app: sql
      datasets:
        admissions:
          owner: hospital
          columns: {patient: BIGINT NOT NULL, ward: VARCHAR, days: INTEGER, Note: VARCHAR}
          released_to: [insurer]
          identity: patient
          usage:
            join: [patient]
            group: [ward]
            aggregate: {days: [sum, avg], "*": [count]}
        claims:
          owner: insurer
          columns: {patient: BIGINT NOT NULL, amount: DOUBLE}
          usage: {join: [patient], aggregate: {amount: sum}}
      compute: [insurer]
      results:
        summary: {recipients: [insurer], max_rows: 100, min_group: 10}
      environment: {evidence: [simulated], tests: strict}
      params:
        query: {type: VARCHAR}
      queries: within_rules
      changes: never
      expires: 2030-01-01
      max_jobs: 3
      """;

  @TempDir Path home;
  private Path file;

  @BeforeEach
  void write() throws IOException {
    file = Files.writeString(home.resolve("agreement.yaml"), AGREEMENT);
  }

  private Captured explain(String query, String... more) {
    List<String> args =
        new ArrayList<>(List.of("query", "explain", file.toString(), "--query", query));
    args.addAll(List.of(more));
    return Captured.run(home, args.toArray(String[]::new));
  }

  @Test
  void anAllowedQueryIsToldWithWhatItReveals() throws IOException {
    Captured run =
        explain("SELECT ward, avg(days) AS d FROM admissions GROUP BY ward", "--output", "json")
            .ok();

    JsonNode json = new ObjectMapper().readTree(run.out());
    assertThat(json.path("allowed").asBoolean()).isTrue();
    assertThat(json.path("told_to").toString()).contains("insurer");
    assertThat(json.path("admissions of hospital").toString())
        .contains("ward: grouped by", "days: avg of each group");
    assertThat(json.has("claims of insurer")).isFalse();
    assertThat(json.path("conditions").toString())
        .contains("Groups of fewer than 10 distinct admissions.patient are left out");
    assertThat(json.path("runs").asText()).contains("count(DISTINCT t0.\"patient\") >= 10");
  }

  @Test
  void aRefusedOneIsExitCode3WithTheGrants() {
    Captured run =
        explain(
            "SELECT \"Note\", max(days) AS d, sum(amount) AS a FROM admissions JOIN claims USING"
                + " (patient) WHERE amount > 3 GROUP BY 1",
            "--suggest-grants");

    assertThat(run.code()).isEqualTo(ExitCode.REFUSED);
    assertThat(run.out())
        .contains("RULE_GROUP: 'admissions.Note' may not be grouped by: hospital grants [ward]")
        .contains("RULE_AGGREGATE: max of 'admissions.days' is not allowed")
        .contains("RULE_FILTER: 'claims.amount' may not be filtered on: insurer grants nothing")
        .endsWith(
            """

            datasets:
              admissions:
                usage:
                  group: ["Note"]
                  aggregate:
                    days: [max]
              claims:
                usage:
                  filter: [amount]
            """);
  }

  @Test
  void theGrantsThatAreSuggestedAllowIt() throws IOException {
    String query =
        "SELECT sum(amount) AS a, count(*) AS n FROM admissions JOIN claims USING (patient)";
    assertThat(explain(query).code()).isEqualTo(ExitCode.REFUSED);
    assertThat(explain(query, "--suggest-grants").out())
        .endsWith("  claims:\n    usage:\n      aggregate:\n        \"*\": [count]\n");

    Files.writeString(file, AGREEMENT.replace("{amount: sum}", "{amount: sum, \"*\": count}"));
    Captured unused = explain(query).ok();
    assertThat(unused.out()).contains("allowed").contains("true");
  }

  @Test
  void whatNoGrantWouldAllowIsSaid() {
    Captured shape =
        explain(
            "SELECT ward FROM admissions UNION SELECT ward FROM admissions", "--suggest-grants");
    assertThat(shape.code()).isEqualTo(ExitCode.REFUSED);
    assertThat(shape.out()).contains("no grant would allow it: UNION, INTERSECT and EXCEPT");

    Captured identity = explain("SELECT max(patient) AS m FROM admissions", "--suggest-grants");
    assertThat(identity.out()).contains("no grant would allow it: max of 'admissions.patient'");
  }

  @Test
  void aQueryComesFromAFileOrFromStdin() throws IOException {
    Path sql = Files.writeString(home.resolve("q.sql"), "SELECT count(*) AS n FROM admissions");
    assertThat(explain(sql.toString()).code()).isEqualTo(ExitCode.OK);

    Captured piped =
        Captured.run(
            home,
            Clock.systemUTC(),
            "SELECT ward FROM admissions",
            false,
            "query",
            "explain",
            file.toString(),
            "--query",
            "-");
    assertThat(piped.code()).isEqualTo(ExitCode.REFUSED);
    assertThat(piped.out()).contains("RULE_LIST");
  }

  @Test
  void withoutAQueryTheFixedOneIsExplained() throws IOException {
    Captured none = Captured.run(home, "query", "explain", file.toString());
    assertThat(none.code()).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(none.err()).contains("fixes no query");

    Files.writeString(
        file,
        AGREEMENT
            .replace("queries: within_rules\n", "")
            .replace("{type: VARCHAR}", "{value: SELECT sum(amount) AS s FROM claims}"));
    Captured run = Captured.run(home, "query", "explain", file.toString());
    assertThat(run.code()).isEqualTo(ExitCode.REFUSED);
    assertThat(run.out()).contains("RULE_IDENTITY");
  }

  @Test
  void parametersAreHeldAgainstTheAgreement() throws IOException {
    Files.writeString(
        file,
        AGREEMENT
            .replace("query: {type: VARCHAR}", "query: {type: VARCHAR}\n  since: {type: INTEGER}")
            .replace("group: [ward]", "group: [ward]\n      filter: [days]"));

    assertThat(explain("SELECT count(*) AS n FROM admissions WHERE days > $since").code())
        .isEqualTo(ExitCode.OK);
    assertThat(explain("SELECT count(*) AS n FROM admissions WHERE days > $until").out())
        .contains("$until, which is no parameter", "does not use parameter 'since'");
    assertThat(
            explain(
                    "SELECT count(*) AS n FROM admissions WHERE days > $since",
                    "--param",
                    "until=3")
                .out())
        .contains("a job cannot set a parameter 'until'");
  }

  @Test
  void valuesOfParametersAreHeldAgainstTheirTypes() throws IOException {
    Files.writeString(
        file,
        AGREEMENT
            .replace(
                "query: {type: VARCHAR}",
                "query: {type: VARCHAR}\n  since: {type: INTEGER}\n  ward: {type: VARCHAR}")
            .replace("group: [ward]", "group: [ward]\n      filter: [days]"));
    String query = "SELECT count(*) AS n FROM admissions WHERE days > $since AND days < $ward";

    assertThat(explain(query, "--param", "since=3", "--param", "ward=4").code())
        .isEqualTo(ExitCode.OK);
    Captured wrong = explain(query, "--param", "since=secret");
    assertThat(wrong.code()).isEqualTo(ExitCode.REFUSED);
    assertThat(wrong.out())
        .contains("INVALID_PARAMETER: parameter 'since' is not a value of INTEGER; expected digits")
        .doesNotContain("secret");
    assertThat(explain(query, "--param", "ward=secret").out())
        .contains("parameter 'ward' is no value of BIGINT, as which the query takes it")
        .doesNotContain("secret");
    assertThat(explain(query.replace("days <", "'x' =").replace("days", "ward")).out())
        .contains("RULE_TYPE: VARCHAR and INTEGER cannot be compared");
  }

  @Test
  void budgetsAndComparisonWithEarlierAnswersAreConditions() throws IOException {
    String query = "SELECT ward, count(*) AS n FROM admissions GROUP BY ward";
    Files.writeString(
        file,
        AGREEMENT.replace(
            "released_to: [insurer]",
            "released_to: [insurer]\n    budget: {queries: 20, per: 7d}"));

    assertThat(explain(query).ok().out())
        .contains(
            "differs from an earlier one by fewer than 10 identities of 'admissions' is refused with"
                + " RULE_OVERLAP")
        .contains("hospital allows 20 in any 7d");

    Files.writeString(file, AGREEMENT.replace(", min_group: 10", ""));
    assertThat(explain(query).ok().out()).doesNotContain("RULE_OVERLAP", "allows 20");
  }

  private static final String PLAIN =
      """
      agreement: fixed
      parties: [hospital]
      app: sql
      datasets:
        admissions:
          owner: hospital
          columns: {patient: BIGINT NOT NULL, ward: VARCHAR, admitted: DATE}
      compute: [hospital]
      results:
        answer: {recipients: [hospital], max_rows: 1000}
      params:
        query: {value: "SELECT ward, row_number() OVER (ORDER BY patient) AS r FROM admissions"}
      environment: {evidence: [simulated], tests: strict}
      changes: unanimous
      expires: 2030-01-01
      max_jobs: 100
      """;

  @Test
  void withoutConditionsAQueryIsJudgedAsTheAppJudgesIt() throws IOException {
    Files.writeString(file, PLAIN);

    Captured run = Captured.run(home, "query", "explain", file.toString()).ok();
    assertThat(run.out())
        .contains("SELECT ward, row_number() OVER (ORDER BY patient) AS r FROM admissions")
        .contains("admissions of hospital")
        .contains("no condition is stated");

    Captured files = explain("SELECT * FROM read_csv('/etc/passwd')", "--suggest-grants");
    assertThat(files.code()).isEqualTo(ExitCode.REFUSED);
    assertThat(files.out())
        .contains("INVALID_QUERY: table function 'read_csv' is not allowed")
        .contains("states no conditions");
    assertThat(explain("SELECT * FROM claims").out()).contains("there is no dataset 'claims'");
    assertThat(explain("SELECT wart FROM admissions").out()).contains("INVALID_QUERY: ", "wart");
    assertThat(explain("PIVOT admissions ON ward USING count(*)").out())
        .contains("only a SELECT statement may run; PIVOT is one as SELECT * FROM (PIVOT");
  }

  @Test
  void withoutConditionsParametersAreHeldAgainstTheAgreement() throws IOException {
    Files.writeString(
        file, PLAIN.replace("environment:", "  since: {type: INTEGER}\nenvironment:"));
    String query = "SELECT count(*) AS n FROM admissions WHERE patient > $since";

    assertThat(explain(query, "--param", "since=3").code()).isEqualTo(ExitCode.OK);
    assertThat(explain(query, "--param", "since=abc").out())
        .contains("parameter 'since' is not a value of INTEGER");
    assertThat(explain("SELECT 1 AS one").out()).contains("does not use parameter 'since'");
    assertThat(explain(query.replace("patient", "admitted")).out())
        .contains("INVALID_QUERY: ", "type DATE and type INTEGER");
  }

  private static final String CHAIN =
      """
      agreement: wards
      parties: [ada, bob]
      chain:
        count:
          app: sql
          reads: [stays]
          params: {query: "SELECT ward, count(*) AS n FROM stays GROUP BY ward"}
          writes: {wards: {columns: {ward: VARCHAR, n: BIGINT}, read_by: [sum]}}
        sum:
          app: sql
          reads: {wards: {n: BIGINT}}
          params: {query: "SELECT median(n) AS m FROM wards WHERE n > $least", least: {from: few}}
          writes: [totals]
      datasets:
        stays:
          owner: ada
          columns: {patient: BIGINT NOT NULL, ward: VARCHAR}
          released_to: [bob]
          read_by: [count]
          identity: patient
          usage: {join: [patient], group: [ward], aggregate: {"*": count}}
      compute: [bob]
      params: {few: {type: INTEGER}}
      results:
        totals: {recipients: [ada], max_rows: 10, min_group: 3}
      environment: {evidence: [simulated], tests: strict}
      changes: never
      expires: 2030-01-01
      max_jobs: 3
      """;

  @Test
  void theQueryOfAStepIsExplainedAsTheStepIsTold() throws IOException {
    Files.writeString(file, CHAIN);

    Captured first =
        Captured.run(home, "query", "explain", file.toString(), "--step", "count").ok();
    assertThat(first.out())
        .contains("step sum", "ward: grouped by", "rows: counted")
        .contains("Groups of fewer than 3 distinct stays.patient are left out of 'wards'")
        .contains("count(DISTINCT t0.\"patient\") >= 3");

    Captured second = Captured.run(home, "query", "explain", file.toString(), "--step", "sum").ok();
    assertThat(second.out())
        .contains("wards of an earlier step", "told_to", "ada")
        .doesNotContain("Groups of fewer", "stays");
    assertThat(explain("SELECT max(ward) AS w FROM wards WHERE n > $least", "--step", "sum").out())
        .contains("INVALID_QUERY: ", "ward");
    assertThat(
            explain("SELECT max(n) AS m FROM wards", "--step", "sum", "--param", "least=x").out())
        .contains("parameter 'least' is not a value of INTEGER");

    assertThat(Captured.run(home, "query", "explain", file.toString()).err())
        .contains("each step has a query of its own; say which with --step, one of [count, sum]");
    assertThat(Captured.run(home, "query", "explain", file.toString(), "--step", "add").err())
        .contains("the chain has no step 'add', only [count, sum]");
  }

  @Test
  void anIntervalAndAFunctionThatIsNotKnownAreSaidForWhatTheyAre() {
    assertThat(
            explain(
                    "SELECT count(*) AS n FROM admissions WHERE DATE '2026-01-01' - INTERVAL 30 DAY"
                        + " > DATE '2025-01-01'")
                .out())
        .contains("RULE_FUNCTION: an INTERVAL is not known here; write the date");
    assertThat(explain("SELECT md5(ward) AS w, count(*) AS n FROM admissions GROUP BY 1").out())
        .contains("the function 'md5' is not known here. Of values of a row there are")
        .contains("of groups, avg count max");
  }

  @Test
  void whatDuckDbCannotReadOrBindIsSaid() {
    assertThat(explain("SELECT count( FROM admissions").out()).contains("INVALID_QUERY: ");
    assertThat(explain("DROP TABLE admissions").out())
        .contains("INVALID_QUERY: only a SELECT statement may run");
  }
}
