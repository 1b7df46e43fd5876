package io.parley.agreement;

import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Lengths of time as agreements write them: a number and one unit. */
final class Lengths {
  private static final Pattern TEXT = Pattern.compile("([1-9][0-9]{0,6})([smhd])");
  private static final Map<String, Long> SECONDS =
      Map.of("s", 1L, "m", 60L, "h", 3600L, "d", 86400L);

  private Lengths() {}

  /** In the largest unit that has a whole number of it. */
  static String text(Duration length) {
    long seconds = length.toSeconds();
    for (String unit : new String[] {"d", "h", "m"}) {
      long size = SECONDS.getOrDefault(unit, 1L);
      if (seconds >= size && seconds % size == 0) {
        return seconds / size + unit;
      }
    }
    return seconds + "s";
  }

  /** The reverse, with any unit; empty when it is no length of time. */
  static Optional<Duration> parse(String text) {
    Matcher matcher = TEXT.matcher(text);
    if (!matcher.matches()) {
      return Optional.empty();
    }
    return Optional.of(
        Duration.ofSeconds(
            Long.parseLong(matcher.group(1)) * SECONDS.getOrDefault(matcher.group(2), 1L)));
  }
}
