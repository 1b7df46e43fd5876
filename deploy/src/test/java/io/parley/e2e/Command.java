package io.parley.e2e;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.parley.peer.cli.Parley;
import io.parley.peer.cli.Terminal;
import io.parley.peer.machine.Folders;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Runs {@code deploy/parley} as a process, with a folder for temporary files of its own; or one
 * command in this process, where the process is not what is tested.
 */
final class Command {
  private static final Duration LIMIT = Duration.ofMinutes(3);

  /** Of all that this test process starts: others may run beside it. Emptied when it ends. */
  static final Path TEMPORARY = temporary();

  private Command() {}

  /** What a finished command left. */
  record Result(int exitCode, String out, String err) {
    Result ok() {
      if (exitCode != 0) {
        throw new AssertionError("exit code " + exitCode + "\n" + out + "\n" + err);
      }
      return this;
    }
  }

  /** Runs to the end, killing it and everything it started after {@link #LIMIT}. */
  static Result parley(String... args) throws IOException, InterruptedException {
    return run(start(List.of(args)));
  }

  /**
   * Runs a command in this process, which has warm code where a new one takes a second of a
   * processor.
   */
  static Result here(List<String> args) throws InterruptedException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    Terminal terminal =
        new Terminal(
            InputStream.nullInputStream(),
            new PrintStream(out, true, UTF_8),
            new PrintStream(err, true, UTF_8),
            false,
            false,
            Map.of(),
            TEMPORARY,
            Clock.systemUTC(),
            new SecureRandom());
    var command = new FutureTask<>(() -> Parley.run(terminal, args.toArray(String[]::new)));
    Thread thread = Thread.ofPlatform().daemon().name("parley " + args).start(command);
    try {
      return new Result(
          command.get(LIMIT.toSeconds(), TimeUnit.SECONDS),
          out.toString(UTF_8),
          err.toString(UTF_8));
    } catch (TimeoutException | ExecutionException e) {
      thread.interrupt();
      throw new AssertionError(args + ": " + e + "\n" + out + "\n" + err, e);
    }
  }

  static Process start(List<String> args) throws IOException {
    return builder(args).start();
  }

  /** Starts one whose output goes to a file. */
  static Process start(List<String> args, Path log) throws IOException {
    return builder(args).redirectErrorStream(true).redirectOutput(log.toFile()).start();
  }

  private static ProcessBuilder builder(List<String> args) {
    List<String> command = new ArrayList<>();
    command.add(System.getProperty("parley.deploy") + "/parley");
    command.addAll(args);
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().put("PARLEY_DIST", System.getProperty("parley.dist"));
    builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
    builder.environment().put("TMPDIR", TEMPORARY.toString());
    return builder;
  }

  /** The name is short, as there are sockets in it; the enclaves' user must come through. */
  private static Path temporary() {
    try {
      Path folder =
          Files.setPosixFilePermissions(
              Files.createTempDirectory("it"), PosixFilePermissions.fromString("rwx--x--x"));
      Runtime.getRuntime().addShutdownHook(new Thread(() -> delete(folder)));
      return folder;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void delete(Path folder) {
    try {
      Folders.delete(folder);
    } catch (IOException e) {
      System.err.println("a folder of tests stays behind: " + e);
    }
  }

  static Result run(Process process) throws IOException, InterruptedException {
    Path err = Files.createTempFile("parley-e2e", ".err");
    try {
      process.getOutputStream().close();
      Thread drain =
          Thread.startVirtualThread(() -> {
            try (InputStream in = process.getErrorStream();
                var to = Files.newOutputStream(err)) {
              in.transferTo(to);
            } catch (IOException e) {
              // The process is gone; what came is what there is.
            }
          });
      Thread killer =
          Thread.startVirtualThread(() -> {
            try {
              if (!process.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS)) {
                process.descendants().forEach(ProcessHandle::destroyForcibly);
                process.destroyForcibly();
              }
            } catch (InterruptedException e) {
              Thread.currentThread().interrupt();
            }
          });
      String out = new String(process.getInputStream().readAllBytes(), UTF_8);
      int code = process.waitFor();
      drain.join();
      killer.join();
      return new Result(code, out, Files.readString(err));
    } finally {
      Files.delete(err);
    }
  }
}
