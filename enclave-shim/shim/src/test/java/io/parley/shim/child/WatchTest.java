package io.parley.shim.child;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.parley.shim.child.Landlock.Access;
import io.parley.shim.child.Landlock.Rule;
import io.parley.shim.compute.AppRunner;
import io.parley.shim.compute.AppRunner.Attempt;
import io.parley.wire.ParleyException;
import io.parley.wire.Reason;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** On the bare host, where there is more to look for than in an enclave. */
@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class WatchTest {
  private static final Path JAVA = Path.of(System.getProperty("java.home"));

  @TempDir Path folder;

  @BeforeEach
  void folders() throws IOException {
    Assumptions.assumeTrue(Landlock.version() > 0, "this kernel has no Landlock");
    Files.createDirectories(folder.resolve("in"));
    Files.createDirectories(folder.resolve("out"));
    Files.writeString(folder.resolve("in/rows"), "rows");
    Files.writeString(folder.resolve("secret"), "secret");
  }

  private AppRunner.AppExit sh(String script) {
    return run(true, "/bin/sh", "-c", "PATH=/usr/bin:/bin; " + script);
  }

  private AppRunner.AppExit run(boolean watched, String... command) {
    Wall wall =
        new Wall(
            JAVA.resolve("bin/java"),
            List.of(
                new Rule(Path.of("/usr"), Access.RUN),
                new Rule(Path.of("/bin"), Access.RUN),
                new Rule(Path.of("/lib"), Access.RUN),
                new Rule(Path.of("/lib64"), Access.RUN),
                new Rule(Path.of("/etc"), Access.READ),
                new Rule(Path.of("/sys"), Access.READ),
                new Rule(Path.of("/proc"), Access.READ),
                new Rule(JAVA, Access.RUN),
                new Rule(folder.resolve("in"), Access.READ),
                new Rule(folder.resolve("out"), Access.WRITE),
                new Rule(Path.of("/dev/null"), Access.WRITE_DEVICE),
                new Rule(Path.of("/dev/urandom"), Access.READ_DEVICE)));
    return new WalledAppRunner(_ -> wall)
        .run(
            new AppRunner.AppRun(
                folder, List.of(command), 256L << 20, Duration.ofSeconds(30), watched),
            (message, done, total) -> {});
  }

  @Test
  void anAppThatKeepsToItsFoldersIsQuiet() throws IOException {
    AppRunner.AppExit exit = sh("read x < in/rows; echo $x > out/copy");
    assertThat(exit.code()).isZero();
    assertThat(exit.observed().attempts()).isEmpty();
    assertThat(exit.observed().processes()).isZero();
    assertThat(exit.observed().peakMemoryBytes()).isPositive();
    assertThat(folder.resolve("out/copy")).hasContent("rows");
  }

  @Test
  void javaIsQuietAsItStarts() {
    AppRunner.AppExit exit = run(true, "java", "-XX:+UseSerialGC", "--version");
    assertThat(exit.code()).isZero();
    assertThat(exit.observed().attempts()).isEmpty();
    assertThat(exit.observed().processes()).isZero();
  }

  @Test
  void filesOutsideAreSeen() {
    AppRunner.AppExit exit = sh("read x < secret; read y < /root/none; exit 0");
    assertThat(exit.observed().attempts())
        .contains(
            new Attempt("file", folder.resolve("secret").toString()),
            new Attempt("file", "/root/none"));
  }

  @Test
  void theSupervisorsFilesAreSeen() {
    assertThat(sh("read x < /proc/1/environ; exit 0").observed().attempts())
        .contains(new Attempt("file", "/proc/1/environ"));
  }

  @Test
  void processesAreCountedAndProgramsOutsideAreSeen() throws IOException {
    AppRunner.AppExit exit = sh("true & cat in/rows; wait");
    assertThat(exit.observed().processes()).isGreaterThanOrEqualTo(1);
    assertThat(exit.observed().attempts()).isEmpty();
    Files.copy(Path.of("/usr/bin/true"), folder.resolve("out/program"));
    assertThat(sh("out/program; exit 0").observed().attempts())
        .contains(new Attempt("program", folder.resolve("out/program").toString()));
  }

  /** The enclave's own filter refuses it before a watch is asked; gate.md says so. */
  @Test
  void aSocketIsNoAttempt() {
    AppRunner.AppExit exit = run(true, "/bin/bash", "-c", "echo x > /dev/tcp/127.0.0.1/9; exit 0");
    assertThat(exit.code()).isZero();
    assertThat(exit.observed().attempts()).extracting(Attempt::kind).doesNotContain("system call");
  }

  @Test
  void aSignalToTheFirstProcessEndsIt() {
    AppRunner.AppExit exit = sh("kill -0 1; exit 0");
    assertThat(exit.code()).isEqualTo(128 + 31);
    assertThat(exit.observed().attempts()).extracting(Attempt::kind).contains("system call");
  }

  @Test
  void anAppThatDoesNotEndIsStoppedAndSoIsItsWatch() {
    long before = watches();
    assertThatThrownBy(() ->
            new WalledAppRunner(_ ->
                new Wall(
                    JAVA.resolve("bin/java"),
                    List.of(
                        new Rule(Path.of("/usr"), Access.RUN),
                        new Rule(Path.of("/bin"), Access.RUN),
                        new Rule(Path.of("/lib"), Access.RUN),
                        new Rule(Path.of("/lib64"), Access.RUN),
                        new Rule(folder, Access.READ),
                        new Rule(Path.of("/dev/null"), Access.WRITE_DEVICE))))
                .run(
                    new AppRunner.AppRun(
                        folder,
                        List.of("/bin/sh", "-c", "while :; do :; done"),
                        256L << 20,
                        Duration.ofMillis(300),
                        true),
                    (message, done, total) -> {}))
        .isInstanceOfSatisfying(
            ParleyException.class, e -> assertThat(e.reason()).isEqualTo(Reason.TIMEOUT));
    assertThat(watches()).isEqualTo(before);
  }

  @Test
  void aProgramThatIsNotThereLeavesNoWatch() {
    long before = watches();
    assertThatThrownBy(() -> run(true, "none"))
        .isInstanceOfSatisfying(
            ParleyException.class, e -> assertThat(e.reason()).isEqualTo(Reason.INVALID_APP));
    assertThat(watches()).isEqualTo(before);
  }

  private static long watches() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().equals("app-watch"))
        .filter(Thread::isAlive)
        .count();
  }
}
