package io.parley.peer.cli;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.util.Map;

/** One run of the command, in this process, with what it wrote. */
public record Captured(int code, String out, String err) {
  /** Runs it with a home, and nobody to ask. */
  public static Captured run(Path home, String... args) {
    return run(home, Clock.systemUTC(), "", false, args);
  }

  public static Captured run(
      Path home, Clock clock, String input, boolean terminal, String... args) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    int code =
        Parley.run(
            new Terminal(
                new ByteArrayInputStream(input.getBytes(StandardCharsets.UTF_8)),
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8),
                terminal,
                false,
                Map.of(Session.HOME_VARIABLE, home.toString()),
                home,
                clock,
                new SecureRandom()),
            args);
    return new Captured(
        code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
  }

  /** This, when it went well; the whole error otherwise. */
  public Captured ok() {
    if (code != 0) {
      throw new AssertionError("exit code " + code + "\n" + err + out);
    }
    return this;
  }
}
