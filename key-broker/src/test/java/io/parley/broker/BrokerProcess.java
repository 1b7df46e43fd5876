package io.parley.broker;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The real process, started as a peer starts its embedded broker. Ends with this test's process.
 */
public final class BrokerProcess implements AutoCloseable {
  private static final Duration START_MAX = Duration.ofSeconds(120);
  private static final int KILLED = 128 + 9;
  private static final String MAIN = "io.parley.broker.Main";

  private final Process process;
  private final Path log;
  private final Path ready;

  private BrokerProcess(Process process, Path log, Path ready) {
    this.process = process;
    this.log = log;
    this.ready = ready;
  }

  /** Starts one; does not wait. */
  public static BrokerProcess start(Path home, Path scratch) throws IOException {
    return start(home, scratch, List.of("-XX:TieredStopAtLevel=1", "-Xmx128m"), MAIN, List.of());
  }

  /**
   * The same with another JVM.
   *
   * @param flags of the JVM
   */
  public static BrokerProcess start(Path home, Path scratch, List<String> flags)
      throws IOException {
    return start(home, scratch, flags, MAIN, List.of());
  }

  /** The same with another main class, and more arguments after those that every broker has. */
  static BrokerProcess start(
      Path home, Path scratch, List<String> flags, String main, List<String> more)
      throws IOException {
    return start(List.of(), home, scratch, flags, main, more);
  }

  /** The same with another main class and further arguments to it. */
  static BrokerProcess start(Path home, Path scratch, String main, String... more)
      throws IOException {
    return start(
        home, scratch, List.of("-XX:TieredStopAtLevel=1", "-Xmx128m"), main, List.of(more));
  }

  /** Starts one whose home is on a disk of its own. */
  static BrokerProcess startOn(OwnDisk disk, Path scratch) throws IOException {
    return start(
        disk.through(List.of()),
        disk.home(),
        scratch,
        List.of("-XX:TieredStopAtLevel=1", "-Xmx128m"),
        MAIN,
        List.of());
  }

  /** The same for one to whom permissions of files apply, also when it is root's. */
  static BrokerProcess startPlain(Path home, Path scratch) throws IOException {
    return start(
        List.of(
            "setpriv",
            "--bounding-set=-dac_override,-dac_read_search",
            "--inh-caps=-dac_override,-dac_read_search"),
        home,
        scratch,
        List.of("-XX:TieredStopAtLevel=1", "-Xmx128m"),
        MAIN,
        List.of());
  }

  private static BrokerProcess start(
      List<String> through,
      Path home,
      Path scratch,
      List<String> flags,
      String main,
      List<String> more)
      throws IOException {
    Path ready = scratch.resolve("ready");
    Path log = scratch.resolve("broker.log");
    Files.deleteIfExists(ready);
    List<String> command = new ArrayList<>(through);
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(flags);
    command.addAll(
        List.of(
            "-XX:+UseSerialGC",
            "-Dlogback.configurationFile=logback.xml",
            "-Djava.io.tmpdir=" + Files.createDirectories(scratch.resolve("tmp")),
            "--enable-native-access=ALL-UNNAMED",
            "--sun-misc-unsafe-memory-access=allow",
            "-cp",
            System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
            main,
            "--home",
            home.toString(),
            "--ready-file",
            ready.toString(),
            "--die-with-stdin"));
    command.addAll(more);
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
            .start();
    return new BrokerProcess(process, log, ready);
  }

  /** Its address, once it listens. */
  public String address() throws IOException {
    await()
        .atMost(START_MAX)
        .pollInterval(Duration.ofMillis(20))
        .until(() -> Files.exists(ready) || !process.isAlive());
    if (!Files.exists(ready)) {
      throw new IOException("the broker ended: " + Files.readString(log));
    }
    return Files.readString(ready).strip();
  }

  /** Its address, once it listens; null when it ended before. */
  @Nullable String addressOrEnd() throws IOException {
    await()
        .atMost(START_MAX)
        .pollInterval(Duration.ofMillis(5))
        .until(() -> Files.exists(ready) || !process.isAlive());
    return Files.exists(ready) ? Files.readString(ready).strip() : null;
  }

  /** Whether SIGKILL was its end, now or within this time. */
  boolean wasKilled(Duration within) throws InterruptedException {
    return process.waitFor(within.toMillis(), TimeUnit.MILLISECONDS)
        && process.exitValue() == KILLED;
  }

  /** What it said. */
  public String log() throws IOException {
    return Files.readString(log);
  }

  /** The process's number. */
  public long pid() {
    return process.pid();
  }

  /** kill -9. */
  public void kill() throws InterruptedException {
    process.destroyForcibly();
    process.waitFor();
  }

  /** Closes its standard input, as the end of its parent does. */
  public void closeStdin() throws IOException {
    process.getOutputStream().close();
  }

  /** Its exit code, within this time. */
  public int exitCode(Duration within) throws InterruptedException {
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
