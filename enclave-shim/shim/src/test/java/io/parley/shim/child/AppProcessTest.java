package io.parley.shim.child;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.parley.shim.child.Landlock.Access;
import io.parley.shim.child.Landlock.Rule;
import io.parley.wire.ParleyException;
import io.parley.wire.Reason;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** On the bare host, where there is more to keep an app from than in an enclave. */
@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class AppProcessTest {
  private static final long MEMORY_BYTES = 256L << 20;
  private static final Path JAVA = Path.of(System.getProperty("java.home"));

  @TempDir Path folder;
  private final List<String> progress = Collections.synchronizedList(new ArrayList<>());
  private Path app;
  private Path out;

  @BeforeEach
  void folders() throws IOException {
    Assumptions.assumeTrue(Landlock.version() > 0, "this kernel has no Landlock");
    app = Files.createDirectories(folder.resolve("app"));
    out = Files.createDirectories(folder.resolve("out"));
    Files.createDirectories(folder.resolve("in"));
    Files.writeString(folder.resolve("in/rows"), "rows");
    Files.writeString(folder.resolve("secret"), "secret");
  }

  @Test
  void appReadsItsInputsWritesItsOutputsAndTellsItsProgress() {
    AppExit exit =
        sh(
            "cat in/rows > out/copy; echo '{\"done\":1}' >&3; echo '{\"done\":2}' >&3; echo printed");
    assertThat(exit.code()).isZero();
    assertThat(exit.memoryLimit()).isFalse();
    assertThat(exit.output()).isEqualTo("printed\n");
    assertThat(exit.peakMemoryBytes()).isPositive();
    assertThat(out.resolve("copy")).hasContent("rows");
    assertThat(progress).containsExactly("{\"done\":1}", "{\"done\":2}");
  }

  @Test
  void otherFilesAreOutOfReach() {
    assertThat(sh("cat secret").code()).isNotZero();
    assertThat(sh("cat /etc/passwd").output()).contains("Permission denied");
    assertThat(sh("echo x > in/rows").code()).isNotZero();
    assertThat(sh("echo x > app/x").code()).isNotZero();
    assertThat(sh("rm in/rows").code()).isNotZero();
    assertThat(sh("ln secret out/s; ln -s secret out/t; cat out/s out/t").code()).isNotZero();
    assertThat(folder.resolve("in/rows")).hasContent("rows");
  }

  @Test
  void programWrittenByTheAppDoesNotRun() {
    AppExit exit = sh("cp /usr/bin/true out/program && chmod 755 out/program && out/program");
    assertThat(exit.code()).isEqualTo(126);
    assertThat(exit.output()).contains("Permission denied");
  }

  @Test
  void shimCanNeitherBeReadNorSignalled() {
    long shim = ProcessHandle.current().pid();
    assertThat(sh("head -c 1 /proc/%d/mem".formatted(shim)).output()).contains("Permission denied");
    assertThat(sh("readlink /proc/%d/fd/0".formatted(shim)).code()).isNotZero();
    assertThat(sh("cat /proc/%d/root/etc/passwd".formatted(shim)).code()).isNotZero();
    Assumptions.assumeTrue(Landlock.version() >= 6, "Landlock here keeps no signals in");
    assertThat(sh("kill -0 %d".formatted(shim)).output()).contains("not permitted");
    assertThat(sh("kill -9 -1").code()).isNotZero();
  }

  @Test
  void onlyFourDescriptorsAndAnEnvironmentOfOurs() {
    assertThat(sh("for f in /proc/self/fd/*; do echo ${f##*/}; done").output().lines())
        .filteredOn(fd -> Integer.parseInt(fd) > 3)
        .allMatch(fd -> Integer.parseInt(fd) >= 10 || fd.equals("4")); // the shell's own
    assertThat(sh("ls /proc/$$/fd").output().lines()).isSubsetOf("0", "1", "2", "3", "10", "255");
    assertThat(sh("tr '\\0' '\\n' < /proc/$$/environ").output().lines())
        .containsExactlyInAnyOrder("HOME=/tmp", "LC_CTYPE=C.UTF-8", "PATH=/jdk/bin", "TMPDIR=/tmp");
  }

  @Test
  void timeoutKillsTheAppWithAllThatItStarted() {
    AppProcess process = start("sleep 1000 & sleep 1000 & echo '{}' >&3; wait");
    await().until(() -> !progress.isEmpty());
    long children = sleeping();
    assertThatThrownBy(() -> process.waitFor(Duration.ofMillis(50)))
        .isInstanceOfSatisfying(
            ParleyException.class, e -> assertThat(e.reason()).isEqualTo(Reason.TIMEOUT));
    assertThat(children).isEqualTo(2);
    await().atMost(Duration.ofSeconds(5)).until(() -> sleeping() == 0);
  }

  @Test
  void appThatIgnoresBeingAskedToEndIsKilled() {
    AppProcess process = start("trap '' TERM HUP INT; echo '{}' >&3; while :; do sleep 0.1; done");
    await().until(() -> !progress.isEmpty());

    assertThatThrownBy(() -> process.waitFor(Duration.ofMillis(50)))
        .isInstanceOfSatisfying(
            ParleyException.class, e -> assertThat(e.reason()).isEqualTo(Reason.TIMEOUT));
  }

  @Test
  void childrenThatOutliveTheAppDoNotHoldItsEndUp() {
    // They keep output and progress open, and are in the app's group.
    AppExit exit = sh("(sleep 1000; echo late) & echo first");

    assertThat(exit.code()).isZero();
    assertThat(exit.output()).isEqualTo("first\n");
    await().atMost(Duration.ofSeconds(20)).until(() -> sleeping() == 0);
  }

  @Test
  void appMayCloseItsDescriptors() {
    AppExit exit = sh("exec 0<&- 1>&- 2>&- 3>&-; cat in/rows > out/copy; exit 4");

    assertThat(exit.code()).isEqualTo(4);
    assertThat(exit.output()).isEmpty();
  }

  @Test
  void floodOfProgressIsReadToItsEnd() {
    AppExit exit =
        sh("yes '{\"done\":1}' | head -n 200000 >&3; yes flood | head -c 20000000; echo end");

    assertThat(exit.code()).isZero();
    assertThat(exit.output()).endsWith("end\n").hasSize(16 * 1024);
    assertThat(progress).hasSize(200_000);
  }

  @Test
  void whoeverIsSlowToHearProgressHoldsTheAppUpAndNotTheShim() throws Exception {
    CountDownLatch heard = new CountDownLatch(1);
    try (AppProcess process =
        AppProcess.start(
            new AppCommand(
                folder,
                List.of("/bin/sh", "-c", "PATH=/usr/bin:/bin; yes | head -c 5000000 >&3"),
                MEMORY_BYTES),
            wall(),
            line -> {
              try {
                heard.await();
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            })) {
      assertThatThrownBy(() -> process.waitFor(Duration.ofMillis(300)))
          .isInstanceOfSatisfying(
              ParleyException.class, e -> assertThat(e.reason()).isEqualTo(Reason.TIMEOUT));
    } finally {
      heard.countDown();
    }
  }

  @Test
  void exitCodesAndSignalsAreTold() {
    assertThat(sh("exit 7").code()).isEqualTo(7);
    assertThat(sh("kill -TERM $$").code()).isEqualTo(143);
    AppExit killed = sh("kill -KILL $$");
    assertThat(killed.code()).isEqualTo(137);
    assertThat(killed.memoryLimit()).isTrue();
  }

  @Test
  void processThatTakesMoreThanItsShareEnds() {
    // The limit is set right after the start; a shell is quick enough to be before it.
    AppExit exit = sh("sleep 0.5; head -c 400000000 /dev/zero | tail");
    assertThat(exit.code()).isNotZero();
    assertThat(exit.memoryLimit()).isTrue();
    assertThat(sh("sleep 0.5; ulimit -H -d").output().strip())
        .isEqualTo(Long.toString((256 + 64) << 10));
  }

  @Test
  void javaStaysWithinItsShareAndSaysWhenItIsNotEnough() throws IOException {
    Path source = app.resolve("Grow.java");
    Files.writeString(
        source,
        """
        class Grow {
          public static void main(String[] arguments) {
            var all = new java.util.ArrayList<byte[]>();
            for (int i = 0; i < Integer.parseInt(arguments[0]); i++) {
              all.add(new byte[1 << 20]);
            }
            System.out.println(all.size() + " of " + (Runtime.getRuntime().maxMemory() >> 20));
          }
        }
        """);
    javac(source);
    AppExit fits = run(List.of("java", "-XX:+UseSerialGC", "-cp", "app", "Grow", "50"));
    assertThat(fits.output()).startsWith("50 of 12");
    AppExit exceeds = run(List.of("java", "-XX:+UseSerialGC", "-cp", "app", "Grow", "500"));
    assertThat(exceeds.code()).isEqualTo(3);
    assertThat(exceeds.memoryLimit()).isTrue();
  }

  @Test
  void programThatIsNotThereIsTheAppsFault() {
    assertThatThrownBy(() -> run(List.of("nothing")))
        .isInstanceOfSatisfying(
            ParleyException.class, e -> assertThat(e.reason()).isEqualTo(Reason.INVALID_APP))
        .hasMessageContaining("nothing");
  }

  @Test
  void tooLongProgressLinesAreDroppedAndOutputIsBounded() {
    AppExit exit =
        sh(
            "head -c 9000 /dev/zero | tr '\\0' x >&3; echo >&3; echo last >&3; head -c 900000 /dev/zero; echo end");
    assertThat(progress).containsExactly("last");
    assertThat(exit.output()).hasSize(16 * 1024).endsWith("end\n");
  }

  private AppExit sh(String script) {
    return run(List.of("/bin/sh", "-c", "PATH=/usr/bin:/bin; " + script));
  }

  private AppExit run(List<String> command) {
    try (AppProcess process = start(command)) {
      return process.waitFor(Duration.ofSeconds(30));
    }
  }

  private AppProcess start(String script) {
    return start(List.of("/bin/sh", "-c", "PATH=/usr/bin:/bin; " + script));
  }

  private AppProcess start(List<String> command) {
    return AppProcess.start(new AppCommand(folder, command, MEMORY_BYTES), wall(), progress::add);
  }

  private Wall wall() {
    return new Wall(
        JAVA.resolve("bin/java"),
        Stream.of(
                List.of(
                    new Rule(Path.of("/usr"), Access.RUN),
                    new Rule(Path.of("/bin"), Access.RUN),
                    new Rule(Path.of("/lib"), Access.RUN),
                    new Rule(Path.of("/lib64"), Access.RUN),
                    new Rule(Path.of("/proc"), Access.READ),
                    new Rule(JAVA, Access.RUN)),
                List.of(
                    new Rule(app, Access.RUN),
                    new Rule(folder.resolve("in"), Access.READ),
                    new Rule(out, Access.WRITE),
                    new Rule(Path.of("/dev/null"), Access.WRITE_DEVICE),
                    new Rule(Path.of("/dev/zero"), Access.READ_DEVICE),
                    new Rule(Path.of("/dev/random"), Access.READ_DEVICE),
                    new Rule(Path.of("/dev/urandom"), Access.READ_DEVICE)))
            .flatMap(List::stream)
            .toList());
  }

  private static long sleeping() {
    return ProcessHandle.allProcesses()
        .filter(process ->
            process.info().arguments().map(Arrays::asList).orElse(List.of()).contains("1000"))
        .count();
  }

  private void javac(Path source) throws IOException {
    Process javac =
        new ProcessBuilder(JAVA.resolve("bin/javac").toString(), source.toString())
            .redirectErrorStream(true)
            .start();
    assertThat(javac.inputReader().readAllAsString()).isEmpty();
  }
}
