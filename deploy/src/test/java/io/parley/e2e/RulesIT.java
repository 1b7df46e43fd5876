package io.parley.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Owners' rules on whole jobs: two parties, their nodes, a broker, real enclaves. */
class RulesIT {
  private static final String AGREEMENT =
      """
      agreement: stays
      parties: [hospital, insurer]
      app: sql
      datasets:
        admissions:
          owner: hospital
          columns: {patient: BIGINT NOT NULL, ward: VARCHAR, days: INTEGER, diagnosis: VARCHAR}
          released_to: [insurer]
          identity: patient
          usage:
            join: [patient]
            group: [ward]
            aggregate: {days: [sum, avg], "*": count}
            filter: [days]
        claims:
          owner: insurer
          columns: {patient: BIGINT NOT NULL, amount: DOUBLE}
          identity: patient
          usage: {join: [patient], aggregate: {amount: sum, "*": count}}
      compute: [insurer]
      results:
        answer: {recipients: [insurer], max_rows: 10, min_group: 3, rounding: {"*": 5}}
      params:
        query: {type: VARCHAR}
      queries: within_rules
      environment: {evidence: [simulated], tests: strict}
      changes: never
      expires: 2030-01-01
      max_jobs: 3
      """;

  @TempDir Path folder;
  private Path agreement;
  private Path admissions;
  private Path claims;

  @BeforeEach
  void write() throws IOException {
    agreement = Files.writeString(folder.resolve("agreement.yaml"), AGREEMENT);
    StringBuilder rows = new StringBuilder("patient,ward,days,diagnosis\n");
    StringBuilder amounts = new StringBuilder("patient,amount\n");
    for (int patient = 1; patient <= 8; patient++) {
      // Six in A, two in B.
      rows.append("%d,%s,%d,secret\n".formatted(patient, patient <= 6 ? "A" : "B", patient));
      amounts.append("%d,%d\n".formatted(patient, patient * 10));
    }
    admissions = Files.writeString(folder.resolve("admissions.csv"), rows);
    claims = Files.writeString(folder.resolve("claims.csv"), amounts);
  }

  private Command.Result ask(String query, String... more) throws Exception {
    List<String> command =
        new ArrayList<>(
            List.of(
                "try",
                agreement.toString(),
                "--data",
                "hospital:admissions=" + admissions,
                "--data",
                "insurer:claims=" + claims,
                "--as",
                "insurer",
                "--param",
                "query=" + query,
                "--format",
                "csv"));
    command.addAll(List.of(more));
    return Command.parley(command.toArray(String[]::new));
  }

  @Test
  void smallGroupsAreLeftOutWithANotice() throws Exception {
    Command.Result result =
        ask("SELECT ward, count(*) AS n, sum(amount) AS total FROM admissions a JOIN claims c"
                + " ON a.patient = c.patient GROUP BY ward ORDER BY ward")
            .ok();

    // 6 to 5, and 210 is a multiple of 5 already.
    assertThat(result.out().lines()).containsExactly("ward,n,total", "A,5,210.0");
    assertThat(result.err())
        .contains(
            "Groups of fewer than 3 distinct admissions.patient or claims.patient are left out")
        .contains("every aggregate to multiples of 5");
  }

  @Test
  void aBrokenRuleIsTheJobsReason() throws Exception {
    Command.Result result =
        ask("SELECT diagnosis, count(*) AS n FROM admissions GROUP BY diagnosis");

    assertThat(result.exitCode()).isNotZero();
    assertThat(result.out()).isEmpty();
    assertThat(result.err())
        .contains(
            "RULE_GROUP: 'admissions.diagnosis' may not be grouped by: hospital grants [ward]",
            "'datasets.admissions.usage.group: [diagnosis]' would allow it")
        .doesNotContain("secret");
  }

  @Test
  void anAppThatDoesNotSayThatItEnforcesRulesDoesNotRun() throws Exception {
    Path app = Path.of(System.getProperty("parley.dist"), "apps", "statistics");
    Files.writeString(
        agreement,
        AGREEMENT
            .replace("app: sql", "app: statistics")
            .replace("queries: within_rules\n", "")
            .replace("query: {type: VARCHAR}", "columns: {value: days}"));
    Command.Result result =
        Command.parley(
            "try",
            agreement.toString(),
            "--app",
            app.toString(),
            "--data",
            "hospital:admissions=" + admissions,
            "--data",
            "insurer:claims=" + claims);

    assertThat(result.exitCode()).isNotZero();
    assertThat(result.err()).contains("RULE_APP", "enforces: [rules]");
  }
}
