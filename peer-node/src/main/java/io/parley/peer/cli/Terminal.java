package io.parley.peer.cli;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What surrounds one run of the command: streams, environment, clock and randomness.
 *
 * @param out data, nothing else
 * @param err progress, notices and errors
 * @param inputIsTerminal a person can be asked
 * @param errIsTerminal a bar can be drawn
 */
public record Terminal(
    InputStream in,
    PrintStream out,
    PrintStream err,
    boolean inputIsTerminal,
    boolean errIsTerminal,
    Map<String, String> environment,
    Path userHome,
    Clock clock,
    SecureRandom random) {

  /** The one that this process was started in. */
  static Terminal ofProcess() {
    return new Terminal(
        System.in,
        new PrintStream(
            new java.io.FileOutputStream(java.io.FileDescriptor.out),
            false,
            StandardCharsets.UTF_8),
        new PrintStream(
            new java.io.FileOutputStream(java.io.FileDescriptor.err), true, StandardCharsets.UTF_8),
        isTerminal(0),
        isTerminal(2),
        System.getenv(),
        Path.of(System.getProperty("user.home", "/")),
        Clock.systemUTC(),
        new SecureRandom());
  }

  @Nullable String variable(String name) {
    String value = environment.get(name);
    return value == null || value.isBlank() ? null : value;
  }

  /** Asks a person; anything but yes is no, and so is the end of the input. */
  boolean confirm(String question) {
    err.print(question + " [y/N] ");
    err.flush();
    try {
      String answer =
          new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8)).readLine();
      String given = answer == null ? "" : answer.strip().toLowerCase(Locale.ROOT);
      return given.equals("y") || given.equals("yes");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static boolean isTerminal(int descriptor) {
    try {
      String target = Files.readSymbolicLink(Path.of("/proc/self/fd/" + descriptor)).toString();
      return target.startsWith("/dev/pts/")
          || target.startsWith("/dev/tty")
          || target.equals("/dev/console");
    } catch (IOException | UnsupportedOperationException e) {
      return false;
    }
  }
}
