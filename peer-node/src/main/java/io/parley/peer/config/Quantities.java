package io.parley.peer.config;

import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Sizes and durations as people write them. Stateless. */
final class Quantities {
  private static final Pattern SIZE = Pattern.compile("([0-9]{1,12}) ?(B|KiB|MiB|GiB|TiB)");
  private static final Pattern DURATION = Pattern.compile("([0-9]{1,9}) ?(s|m|h|d)");

  private Quantities() {}

  /** {@code 512MiB}, {@code 2GiB}. */
  static long bytes(String text) {
    Matcher matcher = SIZE.matcher(text);
    if (!matcher.matches()) {
      throw new IllegalArgumentException(
          "'%s' is not a size; expected a whole number and B, KiB, MiB, GiB or TiB"
              .formatted(text));
    }
    long unit =
        switch (matcher.group(2)) {
          case "B" -> 1;
          case "KiB" -> 1L << 10;
          case "MiB" -> 1L << 20;
          case "GiB" -> 1L << 30;
          default -> 1L << 40;
        };
    try {
      return Math.multiplyExact(Long.parseLong(matcher.group(1)), unit);
    } catch (ArithmeticException e) {
      throw new IllegalArgumentException("'%s' is too large a size".formatted(text), e);
    }
  }

  /** {@code 30s}, {@code 10m}, {@code 12h}, {@code 7d}. */
  static Duration duration(String text) {
    Matcher matcher = DURATION.matcher(text);
    if (!matcher.matches()) {
      throw new IllegalArgumentException(
          "'%s' is not a duration; expected a whole number and s, m, h or d".formatted(text));
    }
    long count = Long.parseLong(matcher.group(1));
    return switch (matcher.group(2)) {
      case "s" -> Duration.ofSeconds(count);
      case "m" -> Duration.ofMinutes(count);
      case "h" -> Duration.ofHours(count);
      default -> Duration.ofDays(count);
    };
  }

  /** A whole number within limits. */
  static int count(String text, int least, int most) {
    if (!text.matches("[0-9]{1,9}")
        || Integer.parseInt(text) < least
        || Integer.parseInt(text) > most) {
      throw new IllegalArgumentException(
          "'%s' is not a whole number from %d to %d".formatted(text, least, most));
    }
    return Integer.parseInt(text);
  }
}
