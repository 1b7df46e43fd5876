package io.parley.e2e;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.parley.peer.machine.Folders;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Runs {@code deploy/parley} as a process, with a folder for temporary files of its own. */
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
