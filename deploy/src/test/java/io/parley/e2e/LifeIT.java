package io.parley.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What becomes of jobs when processes die, stop or need too much: real nodes, broker, enclaves. */
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
    return Party.field(
        "job",
        party.parley(
            "--quiet",
            "--output",
            "json",
            "job",
            "submit",
            agreement,
            "--param",
            "query=" + query));
  }

  private static void runsAgain() throws Exception {
    String job = submit(ada, SHORT);
    assertThat(ada.awaitEnd(job)).contains("SUCCEEDED");
    assertThat(ada.parley("--quiet", "job", "result", job, "--format", "csv").out().lines())
        .containsExactly("n", "2");
  }

  /** Processes of ours, by what their command line says: enclaves, nodes, brokers. */
  private static List<String> left() {
    return commandLines(line -> line.contains(SHIM) || line.contains(folder.toString()));
  }

  private static List<String> commandLines(Predicate<String> wanted) {
    try (var all = ProcessHandle.allProcesses()) {
      return all.map(LifeIT::commandLine).filter(wanted).toList();
    }
  }

  /** Whole, where {@link ProcessHandle.Info} leaves out long ones. */
  private static String commandLine(ProcessHandle process) {
    try {
      return Files.readString(Path.of("/proc/" + process.pid() + "/cmdline")).replace('\0', ' ');
    } catch (IOException e) {
      return "";
    }
  }

  private static List<ProcessHandle> below(Party party, String what) {
    return party.node().descendants().filter(p -> commandLine(p).contains(what)).toList();
  }

  private static void awaitNoEnclave() {
    await()
        .atMost(Duration.ofSeconds(30))
        .until(() -> commandLines(line -> line.contains(SHIM)).isEmpty());
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

  private static void signal(String name, Process process) throws Exception {
    long pid = process.pid();
    int code = new ProcessBuilder("kill", "-" + name, Long.toString(pid)).start().waitFor();
    assertThat(code).isZero();
  }
}
