package io.parley.e2e;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Runs the {@code parley} command of the distribution as a process. */
final class Command {
  private static final Duration LIMIT = Duration.ofMinutes(3);

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
    Path dist = Path.of(System.getProperty("parley.dist"));
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin/java").toString(),
                "-Xmx256m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "--enable-native-access=ALL-UNNAMED",
                "--add-opens=java.base/java.nio=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "-Dparley.dist=" + dist,
                "-cp",
                dist.resolve("lib/peer-node") + "/*",
                "io.parley.peer.cli.Parley"));
    command.addAll(args);
    return new ProcessBuilder(command).start();
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
