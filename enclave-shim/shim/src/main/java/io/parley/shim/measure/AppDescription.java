package io.parley.shim.measure;

import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Reads {@code app.yaml}: the few lines of YAML that say how an app is started, and no more of YAML
 * than that.
 *
 * <p>Top-level keys {@code name}, {@code version}, {@code description} with a plain or quoted text,
 * {@code interpreter} with the name of a program that the app brings in {@value #INTERPRETERS},
 * {@code command} with a list of texts, in brackets on one line or one "- text" per line; and
 * {@code enforces}, a list in brackets of conditions that the app keeps to. Comments and empty
 * lines are allowed; everything else is an error with its line.
 */
final class AppDescription {
  private static final Set<String> TEXT_KEYS = Set.of("name", "version", "description");
  private static final String COMMAND = "command";
  private static final String ENFORCES = "enforces";
  private static final Set<String> CONDITIONS = Set.of(MeasuredApp.RULES);
  private static final String INTERPRETER = "interpreter";

  /** Where an app's own interpreter is, so that the app's digest covers it. */
  private static final String INTERPRETERS = "interpreter/bin/";

  private static final Pattern PROGRAM = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._+-]{0,62}");
  private static final int ARGUMENT_COUNT_MAX = 256;

  private final Set<String> seen = new HashSet<>();
  private final List<String> command = new ArrayList<>();
  private final Set<String> enforces = new HashSet<>();
  private String interpreter = "";
  private boolean inCommand;

  private AppDescription() {}

  /** Program and arguments, at least one; with an interpreter, that is the program. */
  List<String> command() {
    if (interpreter.isEmpty()) {
      return List.copyOf(command);
    }
    List<String> whole = new ArrayList<>(List.of(INTERPRETERS + interpreter));
    whole.addAll(command);
    return List.copyOf(whole);
  }

  /** Conditions that the app says it keeps to. */
  Set<String> enforces() {
    return Set.copyOf(enforces);
  }

  /**
   * Reads one.
   *
   * @throws RefusedException INVALID_APP with the line
   */
  static AppDescription of(String yaml) {
    AppDescription description = new AppDescription();
    List<String> lines = yaml.lines().toList();
    for (int i = 0; i < lines.size(); i++) {
      description.line(lines.get(i), i + 1);
    }
    if (description.command.isEmpty() || !description.seen.contains("name")) {
      throw invalid(lines.size(), "it needs 'name' and a 'command' with at least one word");
    }
    return description;
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
    } else if (key.equals(ENFORCES)) {
      enforces.addAll(value.list());
      if (!CONDITIONS.containsAll(enforces)) {
        throw invalid(number, "'%s' is a list of %s".formatted(ENFORCES, CONDITIONS));
      }
    } else if (key.equals(INTERPRETER)) {
      interpreter = value.whole();
      if (!PROGRAM.matcher(interpreter).matches()) {
        throw invalid(number, "'interpreter' must be the name of a program, without folders");
      }
    } else if (TEXT_KEYS.contains(key)) {
      String unused = value.whole();
      if (unused.isEmpty()) {
        throw invalid(number, "'%s' is empty".formatted(key));
      }
    } else {
      throw invalid(
          number,
          "unknown key '%s'; expected name, version, description, interpreter, command or enforces"
              .formatted(key));
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
