package io.parley.agreement;

import io.parley.wire.Problems;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import io.parley.wire.Suggestions;
import java.time.Duration;

/**
 * How often a dataset may be asked in any stretch of time of one length: every job of an agreement
 * is one query of each of its datasets. Immutable.
 *
 * @param queries at most so many; 0: any number
 * @param per in a stretch of this length, whole seconds, whenever it begins
 */
public record Budget(int queries, Duration per) {
  private static final Duration LEAST = Duration.ofMinutes(1);
  private static final Duration MOST = Duration.ofDays(3660);

  /** No number. Stands after what its constructor uses. */
  public static final Budget UNLIMITED = new Budget(0, Duration.ZERO);

  public Budget {
    Problems problems = new Problems();
    boolean unlimited = queries == 0 && per.isZero();
    problems.check(
        unlimited || queries >= 1 && queries <= Limits.MAX_JOBS,
        "queries",
        "is %d; expected 1 to %d".formatted(queries, Limits.MAX_JOBS));
    problems.check(
        unlimited || per.compareTo(LEAST) >= 0 && per.compareTo(MOST) <= 0 && per.getNano() == 0,
        "per",
        "is %s; expected 1m to 3660d".formatted(Lengths.text(per)));
    problems.throwIfAny(Reason.INVALID_AGREEMENT, "budget");
  }

  public boolean isUnlimited() {
    return queries == 0;
  }

  /** The length as an agreement writes it, in the largest unit that has a whole number of it. */
  public String perText() {
    return Lengths.text(per);
  }

  /**
   * The reverse of {@link #perText}, with any unit.
   *
   * @throws RefusedException INVALID_AGREEMENT when it is no length of time
   */
  public static Duration parsePer(String text) {
    return Lengths.parse(text)
        .orElseThrow(() ->
            new RefusedException(
                Reason.INVALID_AGREEMENT,
                "'%s' is no length of time; expected a number and s, m, h or d, such as 1d"
                    .formatted(Suggestions.shown(text))));
  }
}
