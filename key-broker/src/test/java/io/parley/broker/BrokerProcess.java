package io.parley.broker;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * The real process, started as a peer starts its embedded broker. Ends with this test's process.
 */
final class BrokerProcess implements AutoCloseable {
  private static final Duration START_MAX = Duration.ofSeconds(60);

  private final Process process;
  private final Path log;
  private final Path ready;

  private BrokerProcess(Process process, Path log, Path ready) {
    this.process = process;
    this.log = log;
    this.ready = ready;
  }

  /** Starts one; does not wait. */
  static BrokerProcess start(Path home, Path scratch) throws IOException {
    Path ready = scratch.resolve("ready");
    Path log = scratch.resolve("broker.log");
    Files.deleteIfExists(ready);
    List<String> command =
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:TieredStopAtLevel=1",
            "-XX:+UseSerialGC",
            "-Xmx128m",
            "-Dlogback.configurationFile=logback.xml",
            "-Djava.io.tmpdir=" + Files.createDirectories(scratch.resolve("tmp")),
            "--enable-native-access=ALL-UNNAMED",
            "--sun-misc-unsafe-memory-access=allow",
            "-cp",
            System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
            "io.parley.broker.Main",
            "--home",
            home.toString(),
            "--ready-file",
            ready.toString(),
            "--die-with-stdin");
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
            .start();
    return new BrokerProcess(process, log, ready);
  }

  /** Its address, once it listens. */
  String address() throws IOException {
    await()
        .atMost(START_MAX)
        .pollInterval(Duration.ofMillis(20))
        .until(() -> Files.exists(ready) || !process.isAlive());
    if (!Files.exists(ready)) {
      throw new IOException("the broker ended: " + Files.readString(log));
    }
    return Files.readString(ready).strip();
  }

  String log() throws IOException {
    return Files.readString(log);
  }

  /** kill -9. */
  void kill() throws InterruptedException {
    process.destroyForcibly();
    process.waitFor();
  }

  /** Closes its standard input, as the end of its parent does. */
  void closeStdin() throws IOException {
    process.getOutputStream().close();
  }

  /** Its exit code, within this time. */
  int exitCode(Duration within) throws InterruptedException {
    if (!process.waitFor(within.toMillis(), TimeUnit.MILLISECONDS)) {
      throw new AssertionError("the broker still runs after " + within);
    }
    return process.exitValue();
  }

  @Override
  public void close() throws InterruptedException {
    kill();
  }
}
