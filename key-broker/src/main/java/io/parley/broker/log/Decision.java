package io.parley.broker.log;

import io.parley.wire.Digest;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What the broker decided, before it has a place in the record.
 *
 * @param party who asked
 * @param agreement null when it concerns none
 * @param jobId empty when it concerns none
 * @param reason of a refusal; empty otherwise
 * @param detail for every party of the agreement
 * @param comparison expected and seen values; empty when there are none
 * @param comparisonFor the parties that may read the comparison
 */
public record Decision(
    Action action,
    String party,
    @Nullable Digest agreement,
    String jobId,
    String reason,
    String detail,
    String comparison,
    List<String> comparisonFor) {
  public Decision {
    Objects.requireNonNull(action, "action");
    comparisonFor = List.copyOf(comparisonFor);
  }

  /** A decision without comparison or job. */
  public static Decision about(Action action, String party, Digest agreement, String detail) {
    return new Decision(action, party, agreement, "", "", detail, "", List.of());
  }

  /** A decision about one job. */
  public static Decision about(
      Action action, String party, Digest agreement, String jobId, String detail) {
    return new Decision(action, party, agreement, jobId, "", detail, "", List.of());
  }

  /** What was decided about; the text is what the record holds. */
  public enum Action {
    PROPOSE("propose"),
    SIGN("sign"),
    ACTIVATE("activate"),
    HALT("halt"),
    RESUME("resume"),
    JOB("job"),
    GRANT("grant"),
    REFUSE("refuse"),
    RECEIPT("receipt"),
    MEMBERSHIP("membership");

    private final String text;

    Action(String text) {
      this.text = text;
    }

    public String text() {
      return text;
    }
  }
}
