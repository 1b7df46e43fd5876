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
import java.util.Map;
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
          "MEMORY_LIMIT");

  private static final int MESSAGE_CHARS_MAX = 1000;
  private static final long FILE_BYTES_MAX = 64 << 10;

  private AppFailure() {}

  /** The exception for this exit, with what the app left in {@code out}. */
  static RefusedException of(AppRunner.AppExit exit, Path out, long memoryBytes) {
    Map<String, String> stated = read(out.resolve(FILE));
    String appReason = stated.getOrDefault("reason", "");
    if (!appReason.matches("[A-Z][A-Z0-9_]{2,62}")) {
      appReason = "";
    }
    if (exit.memoryLimit() || appReason.equals(Reason.MEMORY_LIMIT.name())) {
      return memory(memoryBytes);
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

  private static RefusedException memory(long memoryBytes) {
    return new RefusedException(
        Reason.MEMORY_LIMIT,
        "the app needs more than the %d bytes that its enclave has left for it; raise the node's enclave memory"
            .formatted(memoryBytes),
        Map.of("limit_bytes", Long.toString(memoryBytes), "what", "app"));
  }

  private static String clean(String message) {
    String text = message.replaceAll("\\p{Cntrl}", " ").strip();
    return text.length() <= MESSAGE_CHARS_MAX ? text : text.substring(0, MESSAGE_CHARS_MAX);
  }

  /** Top-level strings; nothing when the file is missing, too large or no JSON object. */
  private static Map<String, String> read(Path file) {
    Map<String, String> members = new TreeMap<>();
    try {
      if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)
          || Files.size(file) > FILE_BYTES_MAX) {
        return Map.of();
      }
      try (var in =
          new BufferedInputStream(Files.newInputStream(file, LinkOption.NOFOLLOW_LINKS))) {
        collect(new JsonReader(in), members);
      }
      return members;
    } catch (IOException e) {
      // Whatever was readable before the fault says more than nothing.
      return members;
    }
  }

  private static void collect(JsonReader json, Map<String, String> members) throws IOException {
    @Nullable String name = null;
    for (JsonToken token = json.next(); token != JsonToken.END; token = json.next()) {
      if (token == JsonToken.NAME && json.depth() == 1) {
        name = json.text();
      } else if (token == JsonToken.STRING && json.depth() == 1 && name != null) {
        members.put(name, json.text());
        name = null;
      } else {
        name = null;
      }
    }
  }
}
