package io.parley.broker.log;

import io.parley.wire.Digest;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What the broker decided, before it has a place in the log.
 *
 * @param party who asked
 * @param agreement null when it concerns none
 * @param jobId empty when it concerns none
 * @param reason of a refusal; empty otherwise
 * @param detail for every party of the agreement
 * @param comparison expected and seen values; empty when there are none
 * @param comparisonFor the parties that may read the comparison
 * @param subject digest of what it is about; null when that has none
 */
public record Decision(
    Action action,
    String party,
    @Nullable Digest agreement,
    String jobId,
    String reason,
    String detail,
    List<Compared> comparison,
    List<String> comparisonFor,
    @Nullable Digest subject) {
  /**
   * One claim that is not as expected, or a line of a report.
   *
   * @param reason that this claim alone is refused with; empty when it is not
   * @param advice what to do about it; empty when there is nothing
   */
  public record Compared(String claim, String expected, String seen, String reason, String advice) {
    /** A line of a report. */
    public Compared(String claim, String expected, String seen) {
      this(claim, expected, seen, "", "");
    }
  }

  public Decision {
    Objects.requireNonNull(action, "action");
    comparison = List.copyOf(comparison);
    comparisonFor = List.copyOf(comparisonFor);
  }

  /** A decision without comparison or job. */
  public static Decision about(Action action, String party, Digest agreement, String detail) {
    return about(action, party, agreement, "", detail);
  }

  /** A decision about one job. */
  public static Decision about(
      Action action, String party, @Nullable Digest agreement, String jobId, String detail) {
    return new Decision(action, party, agreement, jobId, "", detail, List.of(), List.of(), null);
  }

  /** A refusal without comparison. */
  public static Decision refusal(
      String party, @Nullable Digest agreement, String jobId, String reason, String detail) {
    return new Decision(
        Action.REFUSE, party, agreement, jobId, reason, detail, List.of(), List.of(), null);
  }

  /** The same, about something that has a digest. */
  public Decision on(Digest digest) {
    return new Decision(
        action, party, agreement, jobId, reason, detail, comparison, comparisonFor, digest);
  }

  /** The same, with what the owners of the data may read. */
  public Decision comparing(List<Compared> claims, List<String> owners) {
    return new Decision(action, party, agreement, jobId, reason, detail, claims, owners, subject);
  }

  /** What was decided about; the text is what the log holds. */
  public enum Action {
    PROPOSE("propose"),
    SIGN("sign"),
    ACTIVATE("activate"),
    SUPERSEDE("supersede"),
    HALT("halt"),
    RESUME("resume"),
    JOB("job"),
    GRANT("grant"),
    REFUSE("refuse"),
    ANSWER("answer"),
    RECEIPT("receipt"),
    ROTATE("rotate"),
    RETIRE("retire"),
    REVOKE("revoke"),
    SHRED("shred"),
    MEMBERSHIP("membership"),
    GATE("gate");

    private final String text;

    Action(String text) {
      this.text = text;
    }

    public String text() {
      return text;
    }
  }
}
