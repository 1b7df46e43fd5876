package io.parley.shim.compute;

import io.parley.shim.json.JsonReader;
import io.parley.shim.json.JsonToken;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What is told about an app that failed.
 *
 * <p>The status of a job goes to every party, and an app's text may hold rows of any of them: a
 * cast that fails quotes the value. So an app's reason goes out, and its message only with a reason
 * of a fixed list: those that the bundled apps and the SDK give with messages that name columns,
 * datasets and rules, and quote no row. Whoever signs another app's digest answers for its keeping
 * to that too (deploy/docs/apps.md). The message is cut and stripped of control characters.
 *
 * <p>The list is there against mistakes, such as a library's message under a reason of its own. It
 * is none against an app that means to tell: that says INVALID_PARAMETER and writes what it likes.
 * So one more reason opens nothing to such an app, as long as it is no word that a library or an
 * app's author is likely to use for what went wrong on a row, such as CAST_FAILED.
 */
final class AppFailure {
  static final String FILE = "error.json";

  /** With these the app's message is passed on. */
  static final Set<String> REASONS_WITH_MESSAGE =
      Set.of(
          "INVALID_PARAMETER",
          "INVALID_QUERY",
          "INVALID_DATASET",
          "INVALID_RESULT",
          "WRONG_TYPE",
          "KEY_TYPES_DIFFER",
          "DUPLICATE_KEYS",
          "TOO_FEW_ROWS",
          "TOO_MANY_LEVELS",
          "COLLINEAR",
          "NOT_FINITE",
          "SEPARATION",
          "NOT_CONVERGED",
          "NO_PAIRS",
          "CHAIN_BROKEN",
          "MEMORY_LIMIT");

  /** Of what a refusal by a rule says beside its message. */
  private static final Set<String> RULE_METADATA = Set.of("table", "column", "party", "grant");

  private static final String RULE = "RULE_";
  private static final int MESSAGE_CHARS_MAX = 1000;
  private static final long FILE_BYTES_MAX = 64 << 10;

  private AppFailure() {}

  /** The exception for this exit, with what the app left in {@code out}. */
  static RefusedException of(AppRunner.AppExit exit, Path out, AppMemory memory) {
    Stated file = read(out.resolve(FILE));
    Map<String, String> stated = file.members();
    String appReason = stated.getOrDefault("reason", "");
    if (!appReason.matches("[A-Z][A-Z0-9_]{2,62}")) {
      appReason = "";
    }
    if (appReason.equals(Reason.MEMORY_LIMIT.name())) {
      return memory.exceeded(file.metadata());
    }
    if (exit.memoryLimit()) {
      return memory.exceeded();
    }
    Optional<Reason> rule = rule(appReason);
    if (rule.isPresent()) {
      return refusedByRule(rule.get(), file);
    }
    Map<String, String> metadata = new TreeMap<>();
    metadata.put("exit_code", Integer.toString(exit.code()));
    if (!appReason.isEmpty()) {
      metadata.put("app_reason", appReason);
    }
    String detail = "the app ended with code %d".formatted(exit.code());
    if (REASONS_WITH_MESSAGE.contains(appReason)) {
      detail = appReason + ": " + clean(stated.getOrDefault("message", ""));
    } else if (!appReason.isEmpty()) {
      detail = detail + " and the reason " + appReason + "; its message stays in the enclave";
    }
    return new RefusedException(Reason.APP_FAILED, detail, metadata);
  }

  /** A rule of the owners', which are names and types and no values. */
  private static Optional<Reason> rule(String appReason) {
    return Arrays.stream(Reason.values())
        .filter(reason -> appReason.startsWith(RULE) && reason.name().equals(appReason))
        .findFirst();
  }

  private static RefusedException refusedByRule(Reason rule, Stated file) {
    Map<String, String> metadata = new TreeMap<>();
    metadata.put("rule", rule.name());
    for (String name : RULE_METADATA) {
      String value = file.metadata().get(name);
      if (value != null) {
        metadata.put(name, clean(value));
      }
    }
    return new RefusedException(rule, clean(file.members().getOrDefault("message", "")), metadata);
  }

  /** What a terminal or a log could take for more than text goes, and no pair is cut in two. */
  private static String clean(String message) {
    String text = message.replaceAll("[\\p{C}\\p{Zl}\\p{Zp}]", " ").strip();
    if (text.length() <= MESSAGE_CHARS_MAX) {
      return text;
    }
    boolean inPair = Character.isHighSurrogate(text.charAt(MESSAGE_CHARS_MAX - 1));
    return text.substring(0, inPair ? MESSAGE_CHARS_MAX - 1 : MESSAGE_CHARS_MAX);
  }

  /** The texts of the file's object, and those of its member {@code metadata}. */
  private record Stated(Map<String, String> members, Map<String, String> metadata) {}

  /** What is readable; nothing when the file is missing, too large or no JSON object. */
  private static Stated read(Path file) {
    Stated stated = new Stated(new TreeMap<>(), new TreeMap<>());
    try {
      if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)
          || Files.size(file) > FILE_BYTES_MAX) {
        return stated;
      }
      try (var in =
          new BufferedInputStream(Files.newInputStream(file, LinkOption.NOFOLLOW_LINKS))) {
        collect(new JsonReader(in), stated);
      }
      return stated;
    } catch (IOException e) {
      // Whatever was readable before the fault says more than nothing.
      return stated;
    }
  }

  private static void collect(JsonReader json, Stated stated) throws IOException {
    @Nullable String[] names = new String[JsonReader.DEPTH_MAX + 1];
    for (JsonToken token = json.next(); token != JsonToken.END; token = json.next()) {
      int depth = json.depth();
      if (token == JsonToken.NAME) {
        names[depth] = json.text();
      } else if (token == JsonToken.STRING && depth == 1) {
        put(stated.members(), names[1], json.text());
      } else if (token == JsonToken.STRING && depth == 2 && "metadata".equals(names[1])) {
        put(stated.metadata(), names[2], json.text());
      } else if (token == JsonToken.BEGIN_ARRAY || token == JsonToken.BEGIN_OBJECT) {
        names[depth] = null;
      }
    }
  }

  /** Of a name that comes twice the first counts; elements of an array have none. */
  private static void put(Map<String, String> members, @Nullable String name, String value) {
    if (name != null) {
      members.putIfAbsent(name, value);
    }
  }
}
