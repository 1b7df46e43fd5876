package io.parley.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Owners' conditions that last longer than one job: two parties, their nodes, a broker. */
class ConditionsIT {
  private static final String AGREEMENT =
      """
      agreement: stays
      parties: [hospital, insurer]
      app: sql
      datasets:
        admissions:
          owner: hospital
          columns: {patient: BIGINT NOT NULL, days: INTEGER}
          released_to: [insurer]
          identity: patient
          usage: {aggregate: {days: sum, "*": count}, filter: [days]}
      compute: [insurer]
      results:
        answer: {recipients: [hospital, insurer], max_rows: 10, min_group: 3, keep: none}
      params:
        query: {type: VARCHAR}
      queries: within_rules
      environment: {evidence: [simulated], tests: strict}
      changes: never
      expires: 2030-01-01
      max_jobs: 10
      """;

  @TempDir static Path folder;
  private static Party hospital;
  private static Party insurer;
  private static String agreement;

  @BeforeAll
  static void start() throws Exception {
    List<Party> parties = Party.two(folder, "hospital", "insurer");
    hospital = parties.get(0);
    insurer = parties.get(1);
    StringBuilder rows = new StringBuilder("patient,days\n");
    for (int patient = 1; patient <= 12; patient++) {
      rows.append("%d,%d\n".formatted(patient, patient));
    }
    Path file = Files.writeString(folder.resolve("admissions.csv"), rows);
    agreement = hospital.agree(insurer, AGREEMENT);
    hospital.parley("--quiet", "dataset", "add", "admissions=" + file, "--agreement", agreement);
  }

  @AfterAll
  static void stop() {
    insurer.close();
    hospital.close();
  }

  private static String ask(String query) throws Exception {
    return insurer.submit(agreement, query);
  }

  private static Command.Result result(Party party, String job) throws Exception {
    return party.run("--quiet", "job", "result", job, "--format", "csv");
  }

  private static List<Path> files(Party party, String job) throws IOException {
    try (Stream<Path> files = Files.walk(party.home)) {
      return files
          .filter(file -> file.toString().contains(job) && Files.isRegularFile(file))
          .toList();
    }
  }

  @Test
  void whatWasToldBeforeTheBrokerWasKilledCountsAfterIt() throws Exception {
    String all = ask("SELECT count(*) AS n, sum(days) AS total FROM admissions");
    assertThat(insurer.awaitEnd(all)).contains("SUCCEEDED");
    assertThat(result(insurer, all).ok().out().lines()).containsExactly("n,total", "12,78");

    killBroker();

    String allButOne =
        ask("SELECT count(*) AS n, sum(days) AS total FROM admissions WHERE days < 12");
    for (Party party : List.of(insurer, hospital)) {
      assertThat(party.awaitEnd(allButOne))
          .contains("FAILED", "RULE_OVERLAP", "\"results\":[]")
          .doesNotContain("receipt");
      assertThat(result(party, allButOne).exitCode()).isNotZero();
      assertThat(result(party, allButOne).out()).isEmpty();
      assertThat(files(party, allButOne)).isEmpty();
    }

    // What is refused, whatever they come to, tells nothing of the 66 days.
    for (String query :
        List.of(
            "SELECT sum(days) AS total FROM admissions WHERE days < 12 HAVING sum(days) > 66",
            "SELECT CAST(sum(days) - 1000 AS TINYINT) AS t FROM admissions WHERE days < 12")) {
      assertThat(insurer.awaitEnd(ask(query))).contains("FAILED", "RULE_OVERLAP");
    }

    String same = ask("SELECT sum(days) AS total FROM admissions");
    assertThat(insurer.awaitEnd(same)).contains("SUCCEEDED");
    assertThat(result(insurer, same).ok().out().lines()).containsExactly("total", "78");
    readOnce(same);
  }

  /** The agreement says {@code keep: none}. */
  private static void readOnce(String job) throws Exception {
    await().atMost(Duration.ofSeconds(30)).until(() -> files(insurer, job).isEmpty());
    Command.Result again = result(insurer, job);
    assertThat(again.exitCode()).isNotZero();
    assertThat(again.err()).contains("RESULT_EXPIRED");
    assertThat(files(hospital, job)).hasSize(1);
    assertThat(result(hospital, job).ok().out().lines()).containsExactly("total", "78");
    await().atMost(Duration.ofSeconds(30)).until(() -> files(hospital, job).isEmpty());
  }

  private static void killBroker() throws Exception {
    ProcessHandle broker =
        hospital.node().descendants().filter(ConditionsIT::isBroker).findFirst().orElseThrow();
    broker.destroyForcibly();
    broker.onExit().join();
    await()
        .atMost(Duration.ofSeconds(60))
        .until(() -> insurer.run("agreement", "list").exitCode() == 0);
  }

  private static boolean isBroker(ProcessHandle process) {
    try {
      return Files.readString(Path.of("/proc/" + process.pid() + "/cmdline"))
          .contains("io.parley.broker.Main");
    } catch (IOException e) {
      return false;
    }
  }

  @Test
  void aGateCanBeTriedOnAnAgreementThatTheBrokerHas() throws Exception {
    String gated =
        hospital.agree(
            insurer,
            AGREEMENT
                .replace("agreement: stays", "agreement: gated")
                .replace("    identity: patient", "    identity: patient\n    gate: required"));
    Path gate = Files.createDirectories(folder.resolve("small"));
    Files.writeString(gate.resolve("admissions.csv"), "patient,days\n1,1\n2,1\n3,1\n4,2\n");
    Files.writeString(
        Files.createDirectories(gate.resolve("expected")).resolve("answer.csv"), "n\n4\n");
    Files.writeString(
        gate.resolve("gate.yaml"), "params: {query: SELECT count(*) AS n FROM admissions}\n");
    Command.Result tried =
        hospital.parley("gate", "try", gated.substring("sha256:".length(), 20), gate.toString());
    assertThat(tried.err()).contains("Gate of hospital: the app passed");
    assertThat(hospital.run("gate", "try", "00000000", gate.toString()).err())
        .contains("AGREEMENT_NOT_FOUND");
  }
}
