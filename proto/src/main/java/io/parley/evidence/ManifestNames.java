package io.parley.evidence;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/** What a path, a name and a value in a manifest may look like. */
final class ManifestNames {
  /** By UTF-8 bytes, so that every language sorts alike. */
  static final Comparator<String> ORDER =
      (a, b) -> Arrays.compareUnsigned(a.getBytes(UTF_8), b.getBytes(UTF_8));

  private static final int MAX_PATH_BYTES = 1024;
  private static final int MAX_VALUE_CHARS = 1024 * 1024;
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_.-]{1,64}");
  // Control characters, lone surrogates, line and paragraph separators, and in paths the backslash.
  private static final Pattern UNPRINTABLE = Pattern.compile("[\\p{Cc}\\p{Cs}\\p{Zl}\\p{Zp}]");

  private ManifestNames() {}

  static String path(String path) {
    boolean plain =
        !path.isEmpty()
            && path.getBytes(UTF_8).length <= MAX_PATH_BYTES
            && !UNPRINTABLE.matcher(path).find()
            && path.indexOf('\\') < 0
            && List.of(path.split("/", -1)).stream().allMatch(ManifestNames::segment);
    if (!plain) {
      throw new RefusedException(
          Reason.INVALID_MANIFEST,
          "'%s' is no path for a manifest: relative, at most %d bytes, no '.' or '..', nothing"
                  .formatted(printable(path), MAX_PATH_BYTES)
              + " unprintable",
          Map.of("path", printable(path)));
    }
    return path;
  }

  static String value(String name) {
    if (!NAME.matcher(name).matches()) {
      throw new RefusedException(
          Reason.INVALID_MANIFEST,
          "'%s' is no name for a manifest's value; expected %s"
              .formatted(printable(name), NAME.pattern()),
          Map.of("name", printable(name)));
    }
    return name;
  }

  static String text(String name, String text) {
    if (text.length() > MAX_VALUE_CHARS || UNPRINTABLE.matcher(text).find()) {
      throw new RefusedException(
          Reason.INVALID_MANIFEST,
          "the manifest's value %s is longer than %d characters or not one line"
              .formatted(name, MAX_VALUE_CHARS),
          Map.of("name", name));
    }
    return text;
  }

  private static boolean segment(String segment) {
    return !segment.isEmpty() && !segment.equals(".") && !segment.equals("..");
  }

  private static String printable(String text) {
    String clean = UNPRINTABLE.matcher(text).replaceAll("?");
    return clean.length() > 200 ? clean.substring(0, 200) + "..." : clean;
  }
}
