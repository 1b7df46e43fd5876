package io.parley.wire;

import java.util.Arrays;
import java.util.Collection;
import org.jspecify.annotations.Nullable;

/** What somebody may have meant. Stateless. */
public final class Suggestions {
  private static final int MAX_SHOWN_CHARS = 80;

  private Suggestions() {}

  /** "; did you mean 'x'?", or "; expected one of ..." when nothing is near. */
  public static String forName(String came, Collection<String> known) {
    @Nullable String near = nearest(came, known);
    return near == null
        ? "; expected " + (known.size() == 1 ? "" : "one of ") + String.join(", ", known)
        : "; did you mean '%s'?".formatted(near);
  }

  /** "; did you mean 'x'?", or nothing when nothing is near. */
  public static String hint(String came, Collection<String> known) {
    @Nullable String near = nearest(came, known);
    return near == null ? "" : "; did you mean '%s'?".formatted(near);
  }

  /** Cut to what fits into a message, without control characters. */
  public static String shown(String text) {
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
      if (candidate.length() > MAX_SHOWN_CHARS) {
        continue;
      }
      int distance = distance(came, candidate);
      if (distance < bestDistance) {
        best = candidate;
        bestDistance = distance;
      }
    }
    return best;
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
