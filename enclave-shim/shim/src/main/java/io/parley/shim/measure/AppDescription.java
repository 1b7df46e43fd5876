package io.parley.shim.measure;

import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Reads {@code app.yaml}: the few lines of YAML that say how an app is started, and no more of YAML
 * than that.
 *
 * <p>Top-level keys {@code name}, {@code version}, {@code description} with a plain or quoted text,
 * and {@code command} with a list of texts, in brackets on one line or one "- text" per line.
 * Comments and empty lines are allowed; everything else is an error with its line.
 */
final class AppDescription {
  private static final Set<String> TEXT_KEYS = Set.of("name", "version", "description");
  private static final String COMMAND = "command";
  private static final int ARGUMENT_COUNT_MAX = 256;

  private final Set<String> seen = new HashSet<>();
  private final List<String> command = new ArrayList<>();
  private boolean inCommand;

  private AppDescription() {}

  /**
   * The command: program and arguments, at least one.
   *
   * @throws RefusedException INVALID_APP with the line
   */
  static List<String> command(String yaml) {
    AppDescription description = new AppDescription();
    List<String> lines = yaml.lines().toList();
    for (int i = 0; i < lines.size(); i++) {
      description.line(lines.get(i), i + 1);
    }
    if (description.command.isEmpty() || !description.seen.contains("name")) {
      throw invalid(lines.size(), "it needs 'name' and a 'command' with at least one word");
    }
    return description.command;
  }

  private void line(String line, int number) {
    String text = line.strip();
    if (text.isEmpty() || text.startsWith("#") || text.equals("---")) {
      return;
    }
    if (inCommand && (text.startsWith("- ") || text.equals("-"))) {
      add(new YamlText(text, number, 1).whole());
      return;
    }
    int colon = line.indexOf(':');
    if (colon < 1 || Character.isWhitespace(line.charAt(0))) {
      throw invalid(number, "expected 'key: value'");
    }
    key(line.substring(0, colon), line, colon + 1, number);
  }

  private void key(String key, String line, int valueAt, int number) {
    if (!seen.add(key)) {
      throw invalid(number, "'%s' a second time".formatted(key));
    }
    inCommand = key.equals(COMMAND);
    YamlText value = new YamlText(line, number, valueAt);
    if (inCommand) {
      if (!value.atEnd()) {
        inCommand = false;
        value.list().forEach(this::add);
      }
    } else if (TEXT_KEYS.contains(key)) {
      String unused = value.whole();
      if (unused.isEmpty()) {
        throw invalid(number, "'%s' is empty".formatted(key));
      }
    } else {
      throw invalid(
          number,
          "unknown key '%s'; expected name, version, description or command".formatted(key));
    }
  }

  private void add(String argument) {
    command.add(argument);
    if (command.size() > ARGUMENT_COUNT_MAX) {
      throw invalid(0, "more than %d arguments".formatted(ARGUMENT_COUNT_MAX));
    }
  }

  static RefusedException invalid(int line, String problem) {
    return new RefusedException(
        Reason.INVALID_APP,
        "%s, line %d: %s".formatted(MeasuredApp.DESCRIPTION, line, problem),
        Map.of("file", MeasuredApp.DESCRIPTION, "line", Integer.toString(line)));
  }
}
