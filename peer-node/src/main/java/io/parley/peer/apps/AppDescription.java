package io.parley.peer.apps;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * What {@code app.yaml} says. For people and for lists; what runs is the enclave's own reading of
 * the file.
 *
 * @param command {@code java} for the enclave's runtime, or the path of an executable in the
 *     folder; then the arguments
 */
public record AppDescription(
    String name, String version, String description, List<String> command) {
  /** The file. */
  public static final String FILE = "app.yaml";

  private static final Set<String> KEYS = Set.of("name", "version", "description", "command");
  private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9-]{0,62}");
  private static final int MAX_WORDS = 256;
  private static final ObjectMapper YAML =
      JsonMapper.builder(new YAMLFactory())
          .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

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
      return of(YAML.readTree(Files.readAllBytes(file)), folder);
    } catch (JsonProcessingException e) {
      throw invalid(
          e.getLocation() == null
              ? "not YAML"
              : "line %d: %s".formatted(e.getLocation().getLineNr(), firstLine(e)));
    }
  }

  private static AppDescription of(JsonNode yaml, Path folder) {
    List<String> problems = new ArrayList<>();
    if (!yaml.isObject()) {
      throw invalid("expected the keys " + new TreeSet<>(KEYS));
    }
    yaml.fieldNames()
        .forEachRemaining(key -> {
          if (!KEYS.contains(key)) {
            problems.add("unknown key '%s'".formatted(key));
          }
        });
    String name = text(yaml, "name", true, problems);
    if (!NAME.matcher(name).matches()) {
      problems.add("'name' must match " + NAME.pattern());
    }
    List<String> command = command(yaml.path("command"), folder, problems);
    AppDescription description =
        new AppDescription(
            name,
            text(yaml, "version", false, problems),
            text(yaml, "description", false, problems),
            command);
    if (!problems.isEmpty()) {
      throw invalid(String.join("; ", problems));
    }
    return description;
  }

  private static String text(JsonNode yaml, String key, boolean required, List<String> problems) {
    JsonNode value = yaml.path(key);
    if (value.isMissingNode() ? required : !value.isTextual() || value.asText().length() > 1000) {
      problems.add("'%s' must be a text; put quotes around a number".formatted(key));
    }
    return value.asText("");
  }

  private static List<String> command(JsonNode list, Path folder, List<String> problems) {
    List<String> words = new ArrayList<>();
    list.forEach(word -> words.add(word.isTextual() ? word.asText() : ""));
    if (!list.isArray() || words.isEmpty() || words.size() > MAX_WORDS || words.contains("")) {
      problems.add("'command' must be a list of 1 to %d texts".formatted(MAX_WORDS));
    } else if (!words.getFirst().equals("java") && !isExecutable(folder, words.getFirst())) {
      problems.add(
          "'command' starts with '%s': neither java nor an executable file of the app"
              .formatted(words.getFirst()));
    }
    return words;
  }

  private static boolean isExecutable(Path folder, String program) {
    Path file = folder.resolve(program).normalize();
    return file.startsWith(folder.normalize())
        && Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)
        && Files.isExecutable(file);
  }

  private static String firstLine(JsonProcessingException e) {
    return e.getOriginalMessage().lines().findFirst().orElse("not YAML");
  }

  private static RefusedException invalid(String problem) {
    return new RefusedException(
        Reason.INVALID_APP, "%s: %s".formatted(FILE, problem), Map.of("problem", problem));
  }
}
