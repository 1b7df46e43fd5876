package io.parley.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code parley try} with what newcomers give it. */
class TryIT {
  private static final String AGREEMENT =
      """
      agreement: rehearsal
      parties: [ada, bob]
      app: sql
      datasets:
        t: {owner: ada, columns: {k: BIGINT, v: DOUBLE}, released_to: [bob]}
        u: {owner: bob, columns: {k: BIGINT}}
      compute: [bob]
      results:
        out: {recipients: [ada], max_rows: 10}
      params:
        query: {value: "SELECT count(*) AS n, sum(v) AS total FROM t JOIN u USING (k)"}
      environment: {evidence: [simulated], tests: strict}
      changes: never
      expires: 2030-01-01
      max_jobs: 3
      """;

  @TempDir Path folder;
  private Path agreement;
  private Path t;
  private Path u;

  @BeforeEach
  void write() throws IOException {
    agreement = Files.writeString(folder.resolve("agreement.yaml"), AGREEMENT);
    t = Files.writeString(folder.resolve("t.csv"), "k,v\n1,0.5\n2,1.5\n2,\n");
    u = Files.writeString(folder.resolve("u.csv"), "k\n2\n2\n5\n");
  }

  private List<String> command(String... more) {
    List<String> command =
        new ArrayList<>(
            List.of(
                "try",
                agreement.toString(),
                "--data",
                "ada:t=" + t,
                "--data",
                "bob:u=" + u,
                "--format",
                "csv"));
    command.addAll(List.of(more));
    return command;
  }

  private Command.Result rehearse(String... more) throws Exception {
    return Command.parley(command(more).toArray(String[]::new));
  }

  /** What rehearsals and nodes leave in the folder for temporary files, if they do. */
  private static Set<String> temporary() throws IOException {
    try (var files = Files.list(Command.TEMPORARY)) {
      return new TreeSet<>(files.map(file -> file.getFileName().toString()).toList());
    }
  }

  @Test
  void throughTheHostsRelayAsThroughHandedSockets() throws Exception {
    assertThat(rehearse().ok().out().lines()).containsExactly("n,total", "4,3.0");
    assertThat(rehearse("--relay").ok().out().lines()).containsExactly("n,total", "4,3.0");
  }

  @Test
  void fromAFolderOfAnAppOfYours() throws Exception {
    Path app = Path.of(System.getProperty("parley.dist"), "apps", "sql");
    assertThat(rehearse("--app", app.toString()).ok().out().lines())
        .containsExactly("n,total", "4,3.0");
  }

  @Test
  void twoHundredMegabytesThroughHostsWithASmallHeap() throws Exception {
    t = folder.resolve("t.parquet");
    try (Connection connection = DriverManager.getConnection("jdbc:duckdb:");
        Statement duckdb = connection.createStatement()) {
      duckdb.execute(
          "COPY (SELECT i AS k, i / 2.0 AS v FROM range(12000000) t(i)) TO '%s' (FORMAT parquet)"
              .formatted(t));
    }
    // Hosts have 256 MiB of heap, and what they relay is nearly that.
    assertThat(rehearse("--relay").ok().out().lines()).containsExactly("n,total", "3,4.5");
  }

  @Test
  void tooLittleMemoryIsSaidToBe() throws Exception {
    Command.Result result = rehearse("--memory", "64MiB");
    assertThat(result.exitCode()).isEqualTo(2);
    assertThat(result.err()).contains("--memory", "64MiB", "at least 256MiB");
  }

  @Test
  void everyMistakeInTheAgreementAtOnceWithItsPlace() throws Exception {
    Files.writeString(
        agreement,
        AGREEMENT
            .replace("max_jobs: 3", "max_jobs: many")
            .replace("compute: [bob]", "computed: [bob]")
            .replace("v: DOUBLE", "v: DUOBLE"));
    Command.Result result = rehearse();
    assertThat(result.exitCode()).isEqualTo(2);
    assertThat(result.out()).isEmpty();
    assertThat(result.err())
        .contains("agreement.yaml:5:", "DUOBLE", "agreement.yaml:7:", "computed", "compute")
        .contains("agreement.yaml:15:", "many");
  }

  @Test
  void aFileThatIsNotAsAgreedIsRefusedWithItsPlace() throws Exception {
    Files.writeString(t, "k,v\n1,0.5\ntwo,1.5\n");
    Command.Result result = rehearse();
    assertThat(result.exitCode()).isEqualTo(2);
    assertThat(result.err()).contains("t.csv", "line 3", "'k'", "BIGINT");
    Files.writeString(t, "k,value\n1,0.5\n");
    assertThat(rehearse().err()).contains("t.csv", "value", "v");
  }

  @Test
  void aQueryThatFailsSaysWhyAndLeavesNothing() throws Exception {
    Set<String> before = temporary();
    Files.writeString(agreement, AGREEMENT.replace("sum(v)", "sum(w)"));
    Command.Result result = rehearse();
    assertThat(result.exitCode()).isNotZero();
    assertThat(result.err()).contains("APP_FAILED", "w");
    assertThat(temporary()).isEqualTo(before);
  }

  @Test
  void interruptedItLeavesNothing() throws Exception {
    Set<String> before = temporary();
    Files.writeString(
        agreement,
        AGREEMENT.replace(
            "FROM t JOIN u USING (k)",
            "FROM t JOIN u USING (k), range(10000000) a, range(10000000) b"));
    Process process = Command.start(command());
    Path log = folder.resolve("log");
    Thread drain =
        Thread.startVirtualThread(() -> {
          try (var err = process.getErrorStream()) {
            Files.copy(err, log);
          } catch (IOException e) {
            // The process is gone.
          }
        });
    await()
        .atMost(Duration.ofSeconds(90))
        .ignoreExceptions()
        .until(() -> Files.readString(log).contains("compute"));
    List<ProcessHandle> all = process.descendants().toList();
    assertThat(all).isNotEmpty();
    process.destroy();
    assertThat(process.waitFor()).isNotZero();
    drain.join();
    await()
        .atMost(Duration.ofSeconds(30))
        .until(() -> all.stream().noneMatch(ProcessHandle::isAlive));
    assertThat(temporary()).isEqualTo(before);
  }
}
