package io.parley.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What becomes of jobs when processes die, stop or need too much, and what one job leaves for the
 * next: real nodes, broker, enclaves.
 */
class LifeIT {
  private static final String SHIM = "/shim/parley-shim";

  /** Takes for ever, in little memory. */
  private static final String LONG =
      "SELECT sum(a.range * b.range % 7) AS n FROM range(10000000) a, range(10000000) b";

  private static final String SHORT = "SELECT count(*) AS n FROM t JOIN u USING (k)";
  private static final String LARGE =
      "SELECT len(list(range)) AS n FROM range(1000000000), t GROUP BY range % 3";

  @TempDir static Path folder;
  private static Party ada;
  private static Party bob;
  private static String agreement;
  private static String chain = "";

  @BeforeAll
  static void start() throws Exception {
    List<Party> parties = Party.two(folder, "ada", "bob");
    ada = parties.get(0);
    bob = parties.get(1);
    agreement =
        ada.agree(
            bob,
            """
            agreement: life
            parties: [ada, bob]
            app: sql
            datasets:
              t: {owner: ada, columns: {k: BIGINT}, released_to: [bob]}
              u: {owner: bob, columns: {k: BIGINT, v: VARCHAR}}
            compute: [bob]
            results:
              out: {recipients: [ada, bob], max_rows: 10}
            params:
              query: {type: VARCHAR}
            environment: {evidence: [simulated], tests: strict}
            changes: never
            expires: 2030-01-01
            max_jobs: 100
            """);
    Path t = Files.writeString(folder.resolve("t.csv"), "k\n1\n2\n3\n");
    Path u = Files.writeString(folder.resolve("u.csv"), "k,v\n2,two\n3,three\n4,four\n");
    ada.parley("--quiet", "dataset", "add", "t=" + t, "--agreement", agreement);
    bob.parley("--quiet", "dataset", "add", "u=" + u, "--agreement", agreement);
  }

  @AfterAll
  static void stop() {
    bob.close();
    ada.close();
    assertThat(left()).as("processes that are left").isEmpty();
  }

  private static String submit(Party party, String query) throws Exception {
    return party.submit(agreement, query);
  }

  private static void runsAgain() throws Exception {
    String job = submit(ada, SHORT);
    assertThat(ada.awaitEnd(job)).contains("SUCCEEDED");
    assertThat(ada.parley("--quiet", "job", "result", job, "--format", "csv").out().lines())
        .containsExactly("n", "2");
  }

  /** Processes of ours, by what their command line says: enclaves, nodes, brokers. */
  private static List<String> left() {
    return commandLines(
        process -> isEnclave(process) || commandLine(process).contains(folder.toString()));
  }

  /** Of this test process: outside its command, inside its mounts name a folder of ours. */
  private static boolean isEnclave(ProcessHandle process) {
    String ours = Command.TEMPORARY.getFileName().toString();
    return commandLine(process).contains(SHIM)
        && (commandLine(process).contains(ours) || read(process, "mountinfo").contains(ours));
  }

  private static List<String> commandLines(Predicate<ProcessHandle> wanted) {
    try (var all = ProcessHandle.allProcesses()) {
      return all.filter(wanted).map(LifeIT::commandLine).toList();
    }
  }

  /** Whole, where {@link ProcessHandle.Info} leaves out long ones. */
  private static String commandLine(ProcessHandle process) {
    return read(process, "cmdline").replace('\0', ' ');
  }

  private static String read(ProcessHandle process, String file) {
    try {
      return Files.readString(Path.of("/proc/" + process.pid() + "/" + file));
    } catch (IOException e) {
      return "";
    }
  }

  private static List<ProcessHandle> below(Party party, String what) {
    return party.node().descendants().filter(p -> commandLine(p).contains(what)).toList();
  }

  private static void awaitNoEnclave() {
    await().atMost(Duration.ofSeconds(30)).until(() -> commandLines(LifeIT::isEnclave).isEmpty());
  }

  @Test
  void aKilledPeerEndsTheJobAtTheOthersAndComesBack() throws Exception {
    String job = submit(ada, LONG);
    bob.awaitComputing(job);
    long before = System.nanoTime();
    bob.kill();
    String ended = ada.awaitEnd(job);
    assertThat(ended).contains("FAILED", "PEER_UNAVAILABLE", "\"bob\"");
    assertThat(Duration.ofNanos(System.nanoTime() - before)).isLessThan(Duration.ofSeconds(60));
    awaitNoEnclave();
    bob.start();
    assertThat(bob.parley("--output", "json", "job", "show", job).out())
        .contains("FAILED", "NODE_RESTARTED");
    runsAgain();
  }

  @Test
  void aPeerThatStandsStillEndsTheJobAtTheOthers() throws Exception {
    String job = submit(ada, LONG);
    bob.awaitComputing(job);
    signal("STOP", bob.node());
    try {
      assertThat(ada.awaitEnd(job)).contains("FAILED", "PEER_UNAVAILABLE", "\"bob\"");
    } finally {
      signal("CONT", bob.node());
    }
    assertThat(bob.awaitEnd(job)).contains("FAILED");
    awaitNoEnclave();
    runsAgain();
  }

  @Test
  void aKilledBrokerComesBackByItself() throws Exception {
    ProcessHandle broker = below(ada, "io.parley.broker.Main").getFirst();
    broker.destroyForcibly();
    await().atMost(Duration.ofSeconds(60)).ignoreExceptions().untilAsserted(LifeIT::runsAgain);
  }

  @Test
  void aKilledEnclaveEndsTheJobWithItsCause() throws Exception {
    String job = submit(ada, LONG);
    bob.awaitComputing(job);
    below(bob, SHIM).forEach(ProcessHandle::destroyForcibly);
    assertThat(ada.awaitEnd(job)).contains("FAILED", "ENCLAVE_CRASHED", "\"bob\"");
    runsAgain();
  }

  @Test
  void aJobThatNeedsTooMuchMemorySaysSoAndTheNodeLivesOn() throws Exception {
    String job = submit(ada, LARGE);
    assertThat(ada.awaitEnd(job)).contains("FAILED", "MEMORY_LIMIT", "\"bob\"");
    runsAgain();
  }

  @Test
  void cancelledIsCancelledAtBoth() throws Exception {
    String job = submit(ada, LONG);
    bob.awaitComputing(job);
    ada.parley("--quiet", "job", "cancel", job);
    assertThat(ada.awaitEnd(job)).contains("CANCELLED");
    assertThat(bob.awaitEnd(job)).contains("CANCELLED");
    awaitNoEnclave();
  }

  /**
   * Rows of ada's with conditions and a gate; bob computes a chain, whose first step reads them.
   */
  private static final String CHAIN =
      """
      agreement: wards
      parties: [ada, bob]
      chain:
        count:
          app: sql
          reads: [stays, claims]
          params:
            query: >-
              SELECT ward, count(*) AS n, sum(amount) AS total
              FROM stays s JOIN claims c ON s.patient = c.patient GROUP BY ward
          writes: {wards: {columns: {ward: VARCHAR, n: BIGINT, total: DOUBLE}, read_by: [sum]}}
        sum:
          app: sql
          reads: {wards: {n: BIGINT, ward: VARCHAR}}
          params: {query: "SELECT count(ward) AS wards, CAST(sum(n) AS BIGINT) AS n FROM wards"}
          writes: [totals]
      datasets:
        stays:
          owner: ada
          columns: {patient: BIGINT NOT NULL, ward: VARCHAR}
          released_to: [bob]
          read_by: [count]
          identity: patient
          usage: {join: [patient], group: [ward], aggregate: {"*": count}}
          gate: required
        claims:
          owner: bob
          columns: {patient: BIGINT NOT NULL, amount: DOUBLE}
          read_by: [count]
          usage: {join: [patient], aggregate: {amount: sum, "*": count}}
      compute: [bob]
      results:
        totals: {recipients: [ada], max_rows: 10, min_group: 3}
      environment: {evidence: [simulated], tests: strict}
      changes: never
      expires: 2030-01-01
      max_jobs: 3
      """;

  @Test
  void aStepThatPassedItsGateIsSparedInTheNextJobAndSmallGroupsReachNoStep() throws Exception {
    String wards = ada.agree(bob, CHAIN);
    // Two patients in B, who are fewer than three.
    Path stays =
        Files.writeString(
            folder.resolve("stays.csv"), "patient,ward\n1,A\n2,A\n3,A\n4,A\n5,B\n6,B\n");
    Path claims =
        Files.writeString(
            folder.resolve("claims.csv"), "patient,amount\n1,1\n2,2\n3,3\n5,5\n6,6\n");
    ada.parley("--quiet", "dataset", "add", "stays=" + stays, "--agreement", wards);
    bob.parley("--quiet", "dataset", "add", "claims=" + claims, "--agreement", wards);
    String none =
        Party.field("job", ada.parley("--quiet", "--output", "json", "job", "submit", wards));
    assertThat(ada.awaitEnd(none)).contains("FAILED", "GATE_MISSING", "for step count, sum");
    gate(
        wards,
        "count",
        Map.of(
            "stays.csv", "patient,ward\n1,X\n2,X\n3,X\n4,Y\n",
            "claims.csv", "patient,amount\n1,0.5\n2,0.5\n3,1\n4,9\n",
            "expected/wards.csv", "ward,n,total\nX,3,2\n"));
    gate(
        wards,
        "sum",
        Map.of(
            "wards.csv", "n,ward\n3,X\n4,Y\n",
            "expected/totals.csv", "wards,n\n2,7\n"));
    for (int run = 0; run < 2; run++) {
      String job =
          Party.field("job", ada.parley("--quiet", "--output", "json", "job", "submit", wards));
      assertThat(ada.awaitEnd(job)).contains("SUCCEEDED");
      assertThat(ada.parley("--quiet", "job", "result", job, "--format", "csv").out().lines())
          .containsExactly("wards,n", "1,3");
    }
    // Each was drawn by the first job, and by the second no more.
    assertThat(ada.parley("--output", "csv", "gate", "list", wards).out().lines().skip(1))
        .hasSize(2)
        .allSatisfy(line -> assertThat(line).matches(".*,1,1,0,\"?20[0-9-]+T.*"));
  }

  private static void gate(String agreement, String step, Map<String, String> files)
      throws Exception {
    Path set = folder.resolve("gate-" + step);
    Files.createDirectories(set.resolve("expected"));
    for (Map.Entry<String, String> file : files.entrySet()) {
      Files.writeString(set.resolve(file.getKey()), file.getValue());
    }
    ada.parley("--quiet", "gate", "add", agreement, set.toString(), "--step", step);
  }

  /** Two steps; what the first hands on is there when the second is stopped. */
  private static String chain() throws Exception {
    if (chain.isEmpty()) {
      chain =
          ada.agree(
              bob,
              """
              agreement: life-of-a-chain
              parties: [ada, bob]
              chain:
                first:
                  app: sql
                  reads: [t]
                  params: {query: SELECT k FROM t}
                  writes: {middle: {columns: {k: BIGINT}, read_by: [second]}}
                second:
                  app: sql
                  reads: [middle]
                  params: {query: {from: query}}
                  writes: [out]
              datasets:
                t: {owner: ada, columns: {k: BIGINT}, released_to: [bob], read_by: [first]}
              compute: [bob]
              results:
                out: {recipients: [ada, bob], max_rows: 10}
              params:
                query: {type: VARCHAR}
              environment: {evidence: [simulated], tests: strict}
              changes: never
              expires: 2030-01-01
              max_jobs: 10
              """);
    }
    return chain;
  }

  /** A job whose first step is done and whose second runs. */
  private static String inTheMiddleOfAChain() throws Exception {
    String job = ada.submit(chain(), LONG);
    bob.awaitShown(job, "step 2 of 2, 'second'");
    return job;
  }

  /** Files of the node, without those that it always has. */
  private static List<Path> files(Party party) throws IOException {
    try (var files = Files.walk(party.home)) {
      return files
          .filter(Files::isRegularFile)
          .filter(file -> !file.toString().contains("node.db"))
          .filter(file -> !file.toString().contains("/witness"))
          .sorted()
          .toList();
    }
  }

  private static void chainsRunAgain() throws Exception {
    String job = ada.submit(chain(), "SELECT count(*) AS n FROM middle");
    assertThat(ada.awaitEnd(job)).contains("SUCCEEDED");
  }

  @Test
  void cancelledBetweenTheStepsOfAChainIsCancelledAtBothAndLeavesNothing() throws Exception {
    String agreed = chain();
    List<Path> before = files(bob);
    String job = inTheMiddleOfAChain();
    ada.parley("--quiet", "job", "cancel", job);
    for (Party party : List.of(ada, bob)) {
      assertThat(party.awaitEnd(job)).contains("CANCELLED").doesNotContain("\"out\"");
    }
    awaitNoEnclave();
    assertThat(files(bob)).as("of agreement " + agreed).isEqualTo(before);
  }

  @Test
  void anEnclaveKilledBetweenTheStepsOfAChainEndsTheJobWithItsCauseAndLeavesNothing()
      throws Exception {
    String agreed = chain();
    List<Path> before = files(bob);
    String job = inTheMiddleOfAChain();
    below(bob, SHIM).forEach(ProcessHandle::destroyForcibly);
    for (Party party : List.of(ada, bob)) {
      assertThat(party.awaitEnd(job)).contains("FAILED", "ENCLAVE_CRASHED", "\"bob\"");
    }
    awaitNoEnclave();
    assertThat(files(bob)).as("of agreement " + agreed).isEqualTo(before);
    chainsRunAgain();
  }

  private static void signal(String name, Process process) throws Exception {
    long pid = process.pid();
    int code = new ProcessBuilder("kill", "-" + name, Long.toString(pid)).start().waitFor();
    assertThat(code).isZero();
  }
}
