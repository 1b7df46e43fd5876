package io.parley.peer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Real processes, killed. */
class EmbeddedBrokerTest {
  private static final Duration WITHIN = Duration.ofSeconds(60);

  @TempDir Path folder;
  private Path home;

  @BeforeEach
  void makeHome() throws IOException {
    home = Files.createDirectory(folder.resolve("broker"));
    Files.createFile(home.resolve("broker.yaml"));
  }

  @Test
  void aKilledBrokerIsStartedAgainEachTime() throws IOException {
    try (EmbeddedBroker broker = EmbeddedBroker.start(broker(), home, folder.resolve("run"))) {
      broker.awaitReady();
      for (int starts = 1; starts <= 3; starts++) {
        int expected = starts;
        await().atMost(WITHIN).until(() -> ready() && pids().size() == expected);
        ProcessHandle newest = handle(pids().getLast());
        newest.destroyForcibly();
        await().atMost(WITHIN).until(() -> !newest.isAlive());
      }
      await().atMost(WITHIN).until(() -> pids().size() == 4);
      assertThat(pids().stream().filter(EmbeddedBrokerTest::alive)).hasSize(1);
    }
    assertThat(pids()).noneMatch(EmbeddedBrokerTest::alive);
  }

  @Test
  void theBrokerEndsWithAKilledNode() throws Exception {
    List<String> node = java("io.parley.peer.FakeNodeMain");
    node.addAll(List.of(home.toString(), folder.resolve("run").toString()));
    node.addAll(broker());
    Process process =
        new ProcessBuilder(node)
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("node.log").toFile())
            .start();
    try {
      await().atMost(WITHIN).until(this::ready);
      long broker = pids().getFirst();
      assertThat(alive(broker)).isTrue();
      process.destroyForcibly().waitFor();
      await().atMost(WITHIN).until(() -> !alive(broker));
      assertThat(pids()).hasSize(1);
    } finally {
      process.destroyForcibly();
    }
  }

  @Test
  void aHomeWithoutABrokerIsRefused() throws IOException {
    Files.delete(home.resolve("broker.yaml"));
    assertThatThrownBy(() -> EmbeddedBroker.start(broker(), home, folder.resolve("run")))
        .isInstanceOfSatisfying(
            RefusedException.class,
            refusal -> assertThat(refusal.reason()).isEqualTo(Reason.INVALID_CONFIG))
        .hasMessageContaining("parley broker create");
  }

  private static List<String> broker() {
    return java("io.parley.peer.FakeBrokerMain");
  }

  private static List<String> java(String main) {
    return new ArrayList<>(
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:TieredStopAtLevel=1",
            "-XX:+UseSerialGC",
            "-Xmx64m",
            "-cp",
            System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
            main));
  }

  private boolean ready() {
    return Files.exists(folder.resolve("run").resolve("ready"));
  }

  private List<Long> pids() throws IOException {
    Path starts = home.resolve("starts");
    return Files.exists(starts)
        ? Files.readAllLines(starts).stream().map(Long::valueOf).toList()
        : List.of();
  }

  private static ProcessHandle handle(long pid) {
    return ProcessHandle.of(pid).orElseThrow();
  }

  private static boolean alive(long pid) {
    return ProcessHandle.of(pid).map(ProcessHandle::isAlive).orElse(false);
  }
}
