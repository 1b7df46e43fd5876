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
  void whatDuckDbCannotReadOrBindIsSaid() {
    assertThat(explain("SELECT count( FROM admissions").out()).contains("INVALID_QUERY: ");
    assertThat(explain("DROP TABLE admissions").out())
        .contains("INVALID_QUERY: only a SELECT statement may run");
  }
}
