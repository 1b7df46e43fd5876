package io.parley.apps.sql;

import io.parley.sdk.AppException;
import java.sql.SQLException;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** DuckDB's errors as reasons; nothing that could hold a value gets out. */
final class QueryFailure {
  private static final int MAX_MESSAGE = 500;
  private static final Pattern KIND = Pattern.compile("\\A([A-Z][A-Za-z ]{2,40} Error): ");
  private static final String OUT_OF_MEMORY = "Out of Memory Error";
  private static final String SIZE = "([0-9.]+) (bytes|KiB|MiB|GiB|TiB)";
  private static final Pattern ASKED = Pattern.compile("of size " + SIZE);
  private static final Pattern USED = Pattern.compile("\\(" + SIZE + "/" + SIZE + " used\\)");

  private QueryFailure() {}

  /** The tables were empty: the message speaks of the query alone. */
  static AppException onEmptyTables(SQLException e) {
    String message = text(e);
    return kind(message).equals(OUT_OF_MEMORY)
        ? outOfMemory(message)
        : new AppException(
            "INVALID_QUERY", message.substring(0, Math.min(message.length(), MAX_MESSAGE)));
  }

  /** Rows were there: only the kind of error is told. */
  static AppException onRows(SQLException e) {
    String message = text(e);
    String kind = kind(message);
    return kind.equals(OUT_OF_MEMORY)
        ? outOfMemory(message)
        : new AppException(
            "INVALID_QUERY",
            "the query failed on the rows with '%s'; the rest of the message is kept back because it may hold values; rehearse the query on rows of your own"
                .formatted(kind),
            Map.of("error", kind));
  }

  /** Whether it speaks of names and types, and of no value. */
  static boolean isOfTypes(SQLException e) {
    return kind(text(e)).equals("Binder Error");
  }

  private static AppException outOfMemory(String message) {
    Matcher asked = ASKED.matcher(message);
    Matcher used = USED.matcher(message);
    if (!asked.find() || !used.find()) {
      return new AppException("MEMORY_LIMIT", "the query needs more memory than the job has");
    }
    long need = bytes(asked, 1) + bytes(used, 1);
    long limit = bytes(used, 3);
    return new AppException(
        "MEMORY_LIMIT",
        "the query needs more memory: at least %d bytes, and has %d; raise the node's memory limit or make the query smaller"
            .formatted(need, limit),
        Map.of("need_bytes", Long.toString(need), "limit_bytes", Long.toString(limit)));
  }

  private static long bytes(Matcher matcher, int group) {
    int power =
        switch (matcher.group(group + 1)) {
          case "KiB" -> 1;
          case "MiB" -> 2;
          case "GiB" -> 3;
          case "TiB" -> 4;
          default -> 0;
        };
    return Math.round(Double.parseDouble(matcher.group(group)) * Math.pow(1024, power));
  }

  private static String kind(String message) {
    Matcher matcher = KIND.matcher(message);
    return matcher.find() ? matcher.group(1) : "Error";
  }

  private static String text(SQLException e) {
    return Objects.requireNonNullElse(e.getMessage(), "Error").strip();
  }
}
