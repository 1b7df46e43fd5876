package io.parley.apps.tally;

import java.time.LocalDateTime;
import java.time.temporal.ChronoUnit;
import java.util.regex.Pattern;

/**
 * One ballot as a provider took it in.
 *
 * @param sequence its place in the provider's chain, from 1
 * @param castAt UTC, in whole microseconds
 */
record Ballot(long sequence, String voter, LocalDateTime castAt, String choice) {
  /** What lies in a line of CSV without quotes, and so has one form only. */
  private static final Pattern TEXT =
      Pattern.compile("[^\\p{Cntrl},\"\\s]([^\\p{Cntrl},\"]{0,254}[^\\p{Cntrl},\"\\s])?");

  /**
   * @throws IllegalArgumentException what is wrong with it, for people
   */
  Ballot {
    requireText("voter", voter);
    requireText("choice", choice);
    if (sequence < 1) {
      throw new IllegalArgumentException("a ballot's sequence number is 1 or more");
    }
    if (!castAt.equals(castAt.truncatedTo(ChronoUnit.MICROS))) {
      throw new IllegalArgumentException("a ballot's time has whole microseconds");
    }
  }

  private static void requireText(String what, String text) {
    if (!TEXT.matcher(text).matches()) {
      throw new IllegalArgumentException(
          what
              + " must be 1 to 256 characters without commas, quotes, control characters and outer"
              + " spaces");
    }
  }
}
