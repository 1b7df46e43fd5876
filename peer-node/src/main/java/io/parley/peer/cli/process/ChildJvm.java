package io.parley.peer.cli.process;

import io.parley.wire.EnvironmentException;
import io.parley.wire.Reason;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * One of our server processes, as a child that ends when we do: it is started with {@code
 * --die-with-stdin}, and its standard input is a pipe that nobody else holds. Safe to close from
 * any thread, more than once.
 */
public final class ChildJvm implements AutoCloseable {
  /** These can put other code into a JVM, or its words into our output. */
  static final List<String> CODE_VARIABLES =
      List.of("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "CLASSPATH");

  private static final Duration POLL = Duration.ofMillis(15);
  private static final long GRACE_SECONDS = 10;
  private static final int LOG_TAIL_LINES = 12;

  private final String name;
  private final Process process;
  private final Path readyFile;
  private final Path log;

  private ChildJvm(String name, Process process, Path readyFile, Path log) {
    this.name = name;
    this.process = process;
    this.readyFile = readyFile;
    this.log = log;
  }

  /**
   * Starts a process that serves from a home folder.
   *
   * @param name for messages
   * @param command java and its arguments, up to the main class
   * @param folder an existing folder for its log and its sign of being ready
   * @param arguments of the main class; {@code --die-with-stdin} and {@code --ready-file} are added
   */
  public static ChildJvm start(
      String name, List<String> command, Path folder, List<String> arguments) {
    return start(name, command, folder, arguments, Map.of());
  }

  /** The same with more in its environment. */
  public static ChildJvm start(
      String name,
      List<String> command,
      Path folder,
      List<String> arguments,
      Map<String, String> environment) {
    Path ready = folder.resolve("ready");
    Path log = folder.resolve("log.txt");
    List<String> all = new ArrayList<>(command);
    all.addAll(arguments);
    all.addAll(List.of("--die-with-stdin", "--ready-file", ready.toString()));
    ProcessBuilder builder = new ProcessBuilder(all);
    builder.environment().putAll(environment);
    builder.environment().keySet().removeAll(CODE_VARIABLES);
    builder.redirectErrorStream(true).redirectOutput(log.toFile());
    try {
      Files.deleteIfExists(ready);
      return new ChildJvm(name, builder.start(), ready, log);
    } catch (IOException e) {
      throw new EnvironmentException(
          Reason.IO_FAILED, "cannot start %s: %s".formatted(name, e), Map.of("process", name), e);
    }
  }

  /**
   * Returns once the process serves.
   *
   * @throws EnvironmentException IO_FAILED, with the end of its log, when it ended or took too long
   */
  public void awaitReady(Duration atMost) throws InterruptedException {
    long end = System.nanoTime() + atMost.toNanos();
    while (!Files.exists(readyFile)) {
      if (!process.isAlive()) {
        throw failed("%s ended with code %d".formatted(name, process.exitValue()));
      }
      if (System.nanoTime() > end) {
        throw failed("%s was not ready after %d s".formatted(name, atMost.toSeconds()));
      }
      Thread.sleep(POLL);
    }
  }

  public boolean alive() {
    return process.isAlive();
  }

  public long pid() {
    return process.pid();
  }

  public Path log() {
    return log;
  }

  /** Asks it to end, waits a little, then kills it. Nothing of it is left when this returns. */
  @Override
  public void close() {
    askToEnd();
    try {
      if (!process.waitFor(GRACE_SECONDS, TimeUnit.SECONDS)) {
        process.destroyForcibly();
        process.waitFor(GRACE_SECONDS, TimeUnit.SECONDS);
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }

  /** The first half of {@link #close}: several children can be asked before any is waited for. */
  public void askToEnd() {
    try {
      process.getOutputStream().close();
    } catch (IOException e) {
      // It has closed its end already, which is what was wanted.
    }
    process.destroy();
  }

  private EnvironmentException failed(String what) {
    return new EnvironmentException(
        Reason.IO_FAILED, what + "; its log ends:\n" + tail(), Map.of("process", name));
  }

  private String tail() {
    try {
      List<String> lines =
          new String(Files.readAllBytes(log), StandardCharsets.UTF_8).lines().toList();
      return String.join(
          "\n", lines.subList(Math.max(0, lines.size() - LOG_TAIL_LINES), lines.size()));
    } catch (IOException | UncheckedIOException e) {
      return "(no log: " + e + ")";
    }
  }
}
