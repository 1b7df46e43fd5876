package io.parley.broker.config;

import io.parley.broker.config.BrokerConfig.CallLimits;
import io.parley.wire.EnvironmentException;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads broker.yaml strictly: an unknown key is an error, and all problems are told at once. */
public final class BrokerYaml {
  /** Its name in the broker's home. */
  public static final String FILE_NAME = "broker.yaml";

  private static final int SIZE_BYTES_MAX = 64 << 10;
  private static final Pattern DURATION = Pattern.compile("([0-9]{1,6})(ms|s|m)");

  private BrokerYaml() {}

  /**
   * Reads the file; relative paths in it start at its own folder.
   *
   * @throws RefusedException INVALID_CONFIG that lists every problem with line and column
   * @throws EnvironmentException IO_FAILED
   */
  public static BrokerConfig load(Path file) {
    try {
      if (Files.size(file) > SIZE_BYTES_MAX) {
        throw invalid(
            file.toString(), List.of("is larger than %d bytes".formatted(SIZE_BYTES_MAX)));
      }
      return parse(Files.readString(file), file);
    } catch (IOException e) {
      throw new EnvironmentException(
          Reason.IO_FAILED,
          "cannot read %s: %s".formatted(file, e.getMessage()),
          Map.of("file", file.toString()),
          e);
    }
  }

  static BrokerConfig parse(String text, Path file) {
    YamlReader root = YamlReader.of(text);
    root.allow("listen", "membership", "evidence", "challenge_valid", "limits");
    String listen = root.text("listen", "");
    String membership = root.text("membership", "");
    List<String> evidence = root.texts("evidence");
    Duration valid = duration(root);
    YamlReader limits = root.section("limits");
    limits.allow("calls_per_connection", "calls_per_party", "message_bytes");
    CallLimits defaults = CallLimits.DEFAULT;
    int perConnection = limits.number("calls_per_connection", defaults.callsPerConnection());
    int perParty = limits.number("calls_per_party", defaults.callsPerParty());
    int bytes = limits.number("message_bytes", defaults.messageBytes());
    int colon = listen.lastIndexOf(':');
    if (colon < 1 || !listen.substring(colon + 1).matches("[0-9]{1,5}")) {
      root.problem(
          "listen", "is '%s'; expected host:port, port 0 for any free one".formatted(listen));
    }
    if (membership.isEmpty()) {
      root.problem("membership", "is missing; expected the folder of the membership lists");
    }
    if (!root.problems().isEmpty()) {
      throw invalid(file.toString(), root.problems());
    }
    try {
      return new BrokerConfig(
          listen.substring(0, colon),
          Integer.parseInt(listen.substring(colon + 1)),
          file.toAbsolutePath().resolveSibling(membership).normalize(),
          new TreeSet<>(evidence),
          valid,
          new CallLimits(perConnection, perParty, bytes));
    } catch (IllegalArgumentException e) {
      throw invalid(file.toString(), List.of(String.valueOf(e.getMessage())));
    }
  }

  /** The text of a new broker's file. */
  public static String template(String listen, String membership) {
    return """
    # The key broker. Unknown keys are errors.

    # host:port; port 0 takes a free one and writes it to the ready file.
    listen: %s
    # Folder with the signed membership lists to start from; later ones come by themselves.
    membership: %s
    # Kinds of evidence accepted, if an agreement names them too.
    # "simulated" protects against nobody who owns a host.
    evidence: [simulated]
    # How long a challenge is good for, at most 5m.
    challenge_valid: 2m
    limits:
      calls_per_connection: 64
      calls_per_party: 128
      message_bytes: 4194304
    """
        .formatted(quoted(listen), quoted(membership));
  }

  private static String quoted(String text) {
    return "\"" + text.replace("\\", "\\\\").replace("\"", "\\\"") + "\"";
  }

  private static Duration duration(YamlReader root) {
    String text = root.text("challenge_valid", "2m");
    Matcher matcher = DURATION.matcher(text);
    if (!matcher.matches()) {
      root.problem("challenge_valid", "is '%s'; expected for example 90s or 2m".formatted(text));
      return BrokerConfig.CHALLENGE_VALID_DEFAULT;
    }
    long amount = Long.parseLong(matcher.group(1));
    return switch (matcher.group(2)) {
      case "ms" -> Duration.ofMillis(amount);
      case "s" -> Duration.ofSeconds(amount);
      default -> Duration.ofMinutes(amount);
    };
  }

  private static RefusedException invalid(String file, List<String> problems) {
    return new RefusedException(
        Reason.INVALID_CONFIG,
        "%s: %s".formatted(file, String.join("\n", problems)),
        Map.of("file", file, "problems", Integer.toString(problems.size())));
  }
}
