package io.parley.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Verification gates in real enclaves. */
class GateIT {
  private static final String AGREEMENT =
      """
      agreement: gated
      parties: [ada, bob]
      app: sql
      datasets:
        t: {owner: ada, columns: {k: BIGINT, v: DOUBLE}, released_to: [bob], gate: required}
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

  /** Does what its parameter says, and carries on as if nothing were. */
  private static final String ODD =
      """
      import java.nio.file.Files;
      import java.nio.file.Path;

      public class Odd {
        public static void main(String[] args) throws Exception {
          String parameters = Files.readString(Path.of("/in/params.json"));
          String mode = parameters.replaceFirst("(?s).*\\"mode\\":\\"([a-z]+)\\".*", "$1");
          try {
            switch (mode) {
              case "network" -> new java.net.Socket("127.0.0.1", 9).close();
              case "files" -> Files.list(Path.of("/shim")).close();
              case "supervisor" -> Files.readAllBytes(Path.of("/proc/1/environ"));
              case "process" -> new ProcessBuilder("/jdk/bin/java", "-version").start().waitFor();
              case "crash" -> System.exit(3);
              default -> {}
            }
          } catch (Exception e) {
            // As if nothing were.
          }
          if (Files.exists(Path.of("/tmp/mark"))) {
            throw new IllegalStateException("something of an earlier run is left");
          }
          Files.writeString(Path.of("/tmp/mark"), "here");
          Files.writeString(Path.of("/out/out.csv"), "n\\n" + (mode.equals("wrong") ? 5 : 4) + "\\n");
        }
      }
      """;

  @TempDir Path folder;
  private Path agreement;
  private Path gate;

  @BeforeEach
  void write() throws IOException {
    agreement = Files.writeString(folder.resolve("agreement.yaml"), AGREEMENT);
    gate = Files.createDirectories(folder.resolve("small"));
    Files.writeString(gate.resolve("t.csv"), "k,v\n1,0.25\n2,\n");
    Files.writeString(gate.resolve("u.csv"), "k\n1\n1\n");
    expect("n,total\n2,0.5\n");
    Files.writeString(folder.resolve("t.csv"), "k,v\n1,0.5\n2,1.5\n2,\n");
    Files.writeString(folder.resolve("u.csv"), "k\n2\n2\n5\n");
  }

  private void expect(String csv) throws IOException {
    Files.writeString(Files.createDirectories(gate.resolve("expected")).resolve("out.csv"), csv);
  }

  private Command.Result rehearse(String... more) throws Exception {
    List<String> command =
        new ArrayList<>(
            List.of(
                "try",
                agreement.toString(),
                "--data",
                "ada:t=" + folder.resolve("t.csv"),
                "--data",
                "bob:u=" + folder.resolve("u.csv"),
                "--format",
                "csv"));
    command.addAll(List.of(more));
    return Command.parley(command.toArray(String[]::new));
  }

  @Test
  void aRightAppPassesAndGivesTheRealResult() throws Exception {
    Command.Result result = rehearse("--gate", "ada=" + gate).ok();
    assertThat(result.out().lines()).containsExactly("n,total", "4,3.0");
    assertThat(result.err())
        .contains("ada registered verification set 'small'")
        .contains("Gate of ada: the app passed, on verification set small");
  }

  @Test
  void aResultThatDiffersEndsTheJobAndTheOwnerSeesWhere() throws Exception {
    expect("n,total\n2,0.75\n");
    Command.Result result = rehearse("--gate", "ada=" + gate);
    assertThat(result.exitCode()).isNotZero();
    assertThat(result.out()).isEmpty();
    assertThat(result.err())
        .contains("GATE_FAILED")
        .contains("result out, row 1, column total: expected 0.75, came 0.5");
    Files.writeString(gate.resolve("gate.yaml"), "tolerance: {out: {total: {absolute: 0.25}}}\n");
    rehearse("--gate", "ada=" + gate).ok();
  }

  @Test
  void withoutASetARehearsalLeavesTheGateOut() throws Exception {
    Command.Result result = rehearse().ok();
    assertThat(result.err()).contains("the verification gate of ada is left out");
  }

  @Test
  void everyMistakeInAFolderIsToldBeforeAnythingStarts() throws Exception {
    Files.writeString(gate.resolve("t.csv"), "k,v\n1,0.25\ntwo,\n");
    assertThat(rehearse("--gate", "ada=" + gate).err())
        .contains("t.csv", "line 3", "'k'", "BIGINT");
    Files.move(gate.resolve("u.csv"), gate.resolve("w.csv"));
    assertThat(rehearse("--gate", "ada=" + gate).err())
        .contains("u: is missing", "w: the agreement has no such dataset");
  }

  @ParameterizedTest
  @CsvSource({
    "right, the app passed, run",
    "wrong, gave other results, 'row 1, column n: expected 4, came 5'",
    "network, tried what it may not, network: a socket of the family IPv",
    "files, tried what it may not, file: /shim",
    "supervisor, tried what it may not, file: /proc/1/environ",
    "process, tried what it may not, processes",
    "crash, the app failed, code 3",
  })
  void whateverAnAppTriesIsSeen(String mode, String verdict, String finding) throws Exception {
    Path app = odd();
    Files.writeString(
        agreement,
        AGREEMENT
            .replaceFirst("(?m)^app: sql", "app: odd")
            .replaceFirst("(?m)^  query: .*", "  mode: {type: VARCHAR}"));
    expect("n\n4\n");
    Files.writeString(gate.resolve("gate.yaml"), "params: {mode: %s}\n".formatted(mode));
    Command.Result result =
        Command.parley(
            "gate", "try", agreement.toString(), gate.toString(), "--app", app.toString());
    assertThat(result.err()).contains(verdict, finding);
    assertThat(result.exitCode() == 0).as(result.err()).isEqualTo(verdict.equals("the app passed"));
  }

  private Path odd() throws IOException {
    Path app = Files.createDirectories(folder.resolve("odd"));
    Path source = Files.writeString(folder.resolve("Odd.java"), ODD);
    int failed =
        ToolProvider.getSystemJavaCompiler()
            .run(null, null, null, "-d", app.toString(), source.toString());
    assertThat(failed).isZero();
    Files.writeString(
        app.resolve("app.yaml"), "name: odd\ncommand: [java, -XX:+UseSerialGC, -cp, ., Odd]\n");
    return app;
  }
}
