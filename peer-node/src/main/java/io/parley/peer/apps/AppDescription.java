package io.parley.peer.apps;

import io.parley.wire.Problems;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import io.parley.yaml.YamlFile;
import io.parley.yaml.YamlSection;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What {@code app.yaml} says. For people and for lists; what runs is the enclave's own reading of
 * the file.
 *
 * @param interpreter the name of a program in {@value #INTERPRETERS} of the folder, which runs the
 *     command; empty: there is none
 * @param command {@code java} for the enclave's runtime, or the path of an executable in the
 *     folder; then the arguments. With an interpreter: its arguments
 */
public record AppDescription(
    String name, String version, String description, String interpreter, List<String> command) {
  /** The file. */
  public static final String FILE = "app.yaml";

  /** Where an app has its interpreter. */
  public static final String INTERPRETERS = "interpreter/bin/";

  private static final Pattern PROGRAM = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._+-]{0,62}");
  private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9-]{0,62}");

  /** What an app can say that it keeps to: usage and smallest groups. */
  private static final List<String> CONDITIONS = List.of("rules");

  private static final int MAX_WORDS = 256;
  private static final int MAX_TEXT_CHARS = 1000;

  public AppDescription {
    command = List.copyOf(command);
  }

  /**
   * Reads the description in an app's folder.
   *
   * @throws RefusedException INVALID_APP when it is missing or wrong, with all problems
   */
  static AppDescription read(Path folder) throws IOException {
    Path file = folder.resolve(FILE);
    if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)
        || Files.size(file) > AppLimits.MAX_DESCRIPTION_BYTES) {
      throw invalid(
          "there is no file %s of at most %d bytes"
              .formatted(FILE, AppLimits.MAX_DESCRIPTION_BYTES));
    }
    try {
      // Not by its path: where a node unpacks an app is nothing for its clients.
      return of(YamlFile.read(Files.readString(file), FILE), folder);
    } catch (CharacterCodingException e) {
      throw invalid("is not UTF-8");
    }
  }

  private static AppDescription of(YamlFile yaml, Path folder) {
    YamlSection root =
        yaml.rootOrThrow(Reason.INVALID_APP)
            .only("name", "version", "description", "interpreter", "command", "enforces");
    Problems problems = yaml.problems();
    String name = root.required("name", "", "the app's name", AppDescription::name);
    List<String> command = root.texts("command", "texts", false);
    List<String> enforces = root.textsOrNone("enforces", "conditions");
    problems.check(
        CONDITIONS.containsAll(enforces),
        root.path("enforces"),
        "is %s; expected of %s".formatted(enforces, CONDITIONS));
    String interpreter = root.value("interpreter", "", AppDescription::program);
    checkCommand(command, interpreter, folder, root.path("command"), problems);
    checkInterpreter(interpreter, folder, root.path("interpreter"), problems);
    AppDescription description =
        new AppDescription(
            name,
            root.value("version", "", AppDescription::text),
            root.value("description", "", AppDescription::text),
            interpreter,
            command == null ? List.of() : command);
    yaml.throwIfAny(Reason.INVALID_APP);
    return description;
  }

  private static String name(String text) {
    if (!NAME.matcher(text).matches()) {
      throw new IllegalArgumentException("must match " + NAME.pattern());
    }
    return text;
  }

  private static String program(String text) {
    if (!PROGRAM.matcher(text).matches()) {
      throw new IllegalArgumentException("must be the name of a program, without folders");
    }
    return text;
  }

  private static void checkInterpreter(
      String interpreter, Path folder, String path, Problems problems) {
    problems.check(
        interpreter.isEmpty() || isExecutable(folder, INTERPRETERS + interpreter),
        path,
        "there is no executable file %s%s in the app; 'parley app pack --interpreter PROGRAM' puts it there"
            .formatted(INTERPRETERS, interpreter));
  }

  private static String text(String text) {
    if (text.isEmpty() || text.length() > MAX_TEXT_CHARS) {
      throw new IllegalArgumentException("must have 1 to %d characters".formatted(MAX_TEXT_CHARS));
    }
    return text;
  }

  private static void checkCommand(
      @Nullable List<String> words,
      String interpreter,
      Path folder,
      String path,
      Problems problems) {
    if (words == null) {
      return;
    }
    if (words.isEmpty() || words.size() > MAX_WORDS || words.contains("")) {
      problems.add(path, "must be a list of 1 to %d texts, none empty".formatted(MAX_WORDS));
    } else if (interpreter.isEmpty()
        && !words.getFirst().equals("java")
        && !isExecutable(folder, words.getFirst())) {
      problems.add(
          path,
          "starts with '%s': neither java nor an executable file of the app"
              .formatted(words.getFirst()));
    }
  }

  private static boolean isExecutable(Path folder, String program) {
    Path file = folder.resolve(program).normalize();
    return file.startsWith(folder.normalize())
        && Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)
        && Files.isExecutable(file);
  }

  private static RefusedException invalid(String problem) {
    return new RefusedException(
        Reason.INVALID_APP, "%s: %s".formatted(FILE, problem), Map.of("problem", problem));
  }
}
