package io.parley.peer.machine;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.parley.wire.EnvironmentException;
import io.parley.wire.Reason;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/**
 * Starts programs of the system in a sandbox: they see the system's programs, and the folders that
 * they are given; no network, no other process. Whatever they start ends with them, and they end
 * with this process, even when it is killed. Thread-safe.
 */
public final class ConfinedTools implements AutoCloseable {
  private static final List<String> SYSTEM =
      List.of(
          "/usr",
          "/lib",
          "/lib64",
          "/bin",
          "/sbin",
          "/etc/alternatives",
          "/etc/ssl",
          "/etc/gnutls",
          "/etc/ld.so.cache",
          "/etc/passwd",
          "/etc/group");

  private static final int OUTPUT_BYTES_MAX = 4096;
  private static final Duration END_TIMEOUT = Duration.ofSeconds(5);
  private static final Duration END_POLL = Duration.ofMillis(50);

  /**
   * What to start.
   *
   * @param drop whether it runs as {@code user} where this process is root; if not, it runs as this
   *     process's user
   * @param writable folders that it may write; everything else is read-only or not there
   * @param output where its output goes, for messages; must be in a folder of this process
   */
  public record Program(
      RunAs user, boolean drop, List<Path> writable, List<String> command, Path output) {
    public Program {
      writable = List.copyOf(writable);
      command = List.copyOf(command);
    }
  }

  /** The thread that starts programs, and with which they die: one, as long as this lives. */
  private final ExecutorService starter =
      Executors.newSingleThreadExecutor(
          Thread.ofPlatform().daemon().name("tool-starter").factory());

  /** Starts a program; the caller ends it. */
  public Process start(Program program) throws IOException {
    List<String> command = command(program);
    try {
      return starter
          .submit(() -> {
            ProcessBuilder builder =
                new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectInput(Path.of("/dev/null").toFile())
                    .redirectOutput(program.output().toFile());
            builder.environment().clear();
            return builder.directory(Path.of("/").toFile()).start();
          })
          .get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof IOException failure) {
        throw failure;
      }
      throw new IOException(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while a program was started", e);
    }
  }

  /**
   * Runs a program to its end.
   *
   * @throws EnvironmentException PLATFORM_UNAVAILABLE with its last words when it fails or takes
   *     longer
   */
  public void run(Program program, Duration within) throws IOException {
    String name = Path.of(program.command().getFirst()).getFileName().toString();
    Process process = start(program);
    try {
      if (!process.waitFor(within.toMillis(), TimeUnit.MILLISECONDS)) {
        throw failed("%s did not end in %d s".formatted(name, within.toSeconds()), program);
      }
      if (process.exitValue() != 0) {
        throw failed("%s failed with code %d".formatted(name, process.exitValue()), program);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while %s ran".formatted(name), e);
    } finally {
      end(process);
    }
  }

  /**
   * Kills a program with all that it started, and waits until it is gone; an interrupted thread
   * waits too.
   */
  public static void end(Process process) {
    long deadline = System.nanoTime() + END_TIMEOUT.toNanos();
    boolean interrupted = Thread.interrupted();
    while (process.isAlive()) {
      // The kernel ends a sandbox with its first process, and bwrap ends when that one is gone.
      List<ProcessHandle> inside = process.descendants().toList();
      inside.forEach(ProcessHandle::destroyForcibly);
      if (inside.isEmpty() || System.nanoTime() - deadline > 0) {
        process.destroyForcibly();
      }
      try {
        process.waitFor(END_POLL.toMillis(), TimeUnit.MILLISECONDS);
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** What a program printed, cut to what fits into a message. */
  public static String output(Program program) {
    try (InputStream in = Files.newInputStream(program.output())) {
      return new String(in.readNBytes(OUTPUT_BYTES_MAX), UTF_8).strip();
    } catch (IOException e) {
      return "(no output: %s)".formatted(e.getMessage());
    }
  }

  private static EnvironmentException failed(String what, Program program) {
    return new EnvironmentException(
        Reason.PLATFORM_UNAVAILABLE,
        "%s; it said: %s".formatted(what, output(program)),
        Map.of("program", program.command().getFirst()));
  }

  private static List<String> command(Program program) {
    List<String> command = new ArrayList<>(List.of(HostTools.find("env", "coreutils"), "-i"));
    command.addAll(List.of("PATH=/usr/bin:/bin:/usr/sbin:/sbin", "HOME=/tmp", "LC_ALL=C.UTF-8"));
    if (program.drop()) {
      command.addAll(program.user().prefix());
    }
    command.add(HostTools.find("bwrap", "bubblewrap"));
    command.addAll(List.of("--unshare-all", "--die-with-parent", "--new-session"));
    command.addAll(List.of("--cap-drop", "ALL", "--dev", "/dev", "--proc", "/proc"));
    command.addAll(List.of("--tmpfs", "/tmp"));
    for (String part : SYSTEM) {
      command.addAll(List.of("--ro-bind-try", part, part));
    }
    for (Path folder : program.writable()) {
      command.addAll(List.of("--bind", folder.toString(), folder.toString()));
    }
    command.add("--");
    command.addAll(program.command());
    return command;
  }

  @Override
  public void close() {
    starter.shutdownNow();
  }
}
