package io.parley.agreement;

import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** What somebody may have meant. */
final class Suggestions {
  private static final int MAX_SHOWN_CHARS = 80;

  // What other systems call our types.
  private static final Map<String, String> TYPE_SYNONYMS =
      Map.ofEntries(
          Map.entry("INT", "INTEGER"),
          Map.entry("INT2", "SMALLINT"),
          Map.entry("INT4", "INTEGER"),
          Map.entry("INT8", "BIGINT"),
          Map.entry("INT16", "SMALLINT"),
          Map.entry("INT32", "INTEGER"),
          Map.entry("INT64", "BIGINT"),
          Map.entry("LONG", "BIGINT"),
          Map.entry("STRING", "VARCHAR"),
          Map.entry("TEXT", "VARCHAR"),
          Map.entry("VARCHAR", "VARCHAR"),
          Map.entry("CHAR", "VARCHAR"),
          Map.entry("BOOL", "BOOLEAN"),
          Map.entry("REAL", "FLOAT"),
          Map.entry("FLOAT4", "FLOAT"),
          Map.entry("FLOAT8", "DOUBLE"),
          Map.entry("DOUBLE PRECISION", "DOUBLE"),
          Map.entry("NUMERIC", "DECIMAL(p,s)"),
          Map.entry("DECIMAL", "DECIMAL(p,s)"),
          Map.entry("DATETIME", "TIMESTAMP"));

  private Suggestions() {}

  /** "; did you mean 'x'?", or "; expected one of ..." when nothing is near. */
  static String forName(String came, Collection<String> known) {
    @Nullable String near = nearest(came, known);
    return near == null
        ? "; expected " + (known.size() == 1 ? "" : "one of ") + String.join(", ", known)
        : "; did you mean '%s'?".formatted(near);
  }

  static String forParameter(String came, List<Parameter> known) {
    return known.isEmpty()
        ? "; it has none"
        : forName(came, known.stream().map(Parameter::name).toList());
  }

  static String forType(String upper) {
    @Nullable String synonym = TYPE_SYNONYMS.get(upper.replaceFirst("\\(.*", "").strip());
    if (synonym != null) {
      return "; did you mean '%s'?".formatted(synonym);
    }
    return forName(upper, typeNames());
  }

  /** Cut to what fits into a message, without control characters. */
  static String shown(String text) {
    String flat =
        text.codePoints()
            .limit(MAX_SHOWN_CHARS)
            .map(c -> Character.isISOControl(c) ? ' ' : c)
            .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
            .toString();
    return text.length() > MAX_SHOWN_CHARS ? flat + "..." : flat;
  }

  private static @Nullable String nearest(String came, Collection<String> known) {
    if (came.length() > MAX_SHOWN_CHARS) {
      return null;
    }
    @Nullable String best = null;
    // Two letters swapped are two changes; in short words those would make anything of anything.
    int bestDistance = (came.length() <= 3 ? 1 : Math.max(2, came.length() / 3)) + 1;
    for (String candidate : known) {
      int distance = distance(came, candidate);
      if (distance < bestDistance) {
        best = candidate;
        bestDistance = distance;
      }
    }
    return best;
  }

  private static List<String> typeNames() {
    return Stream.concat(
            Arrays.stream(ColumnType.Plain.values()).map(ColumnType::sql),
            Stream.of("DECIMAL(p,s)"))
        .collect(Collectors.toUnmodifiableList());
  }

  /** Levenshtein: how many letters to add, drop or change. */
  static int distance(String a, String b) {
    int[] row = new int[b.length() + 1];
    Arrays.setAll(row, j -> j);
    for (int i = 1; i <= a.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int above = row[j];
        int change = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        row[j] = Math.min(change, Math.min(above, row[j - 1]) + 1);
        diagonal = above;
      }
    }
    return row[b.length()];
  }
}
