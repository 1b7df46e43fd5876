package io.parley.agreement;

import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import io.parley.wire.Suggestions;
import java.time.Duration;
import java.util.Map;

/** For how long nodes may hold a sealed result. Each may hold it for less. Immutable. */
public sealed interface Keep {
  /** How an agreement writes {@link UntilRead}. */
  String NONE = "none";

  /** As long as each node's own settings say. */
  Keep AS_NODE = new AsNode();

  /** Until each recipient has read it. */
  Keep UNTIL_READ = new UntilRead();

  /** No condition. */
  record AsNode() implements Keep {}

  /** Each recipient's node hands it out once. */
  record UntilRead() implements Keep {}

  /**
   * From the moment on at which a node has it.
   *
   * @param time whole seconds, 1 minute to 10 years
   */
  record AtMost(Duration time) implements Keep {
    private static final Duration LEAST = Duration.ofMinutes(1);
    private static final Duration MOST = Duration.ofDays(3660);

    public AtMost {
      if (time.compareTo(LEAST) < 0 || time.compareTo(MOST) > 0 || time.getNano() != 0) {
        throw new RefusedException(
            Reason.INVALID_AGREEMENT,
            "keep is %s; expected none, or 1m to 3660d".formatted(Lengths.text(time)),
            Map.of("keep", Lengths.text(time)));
      }
    }
  }

  /** As an agreement writes it; empty: it does not. */
  default String text() {
    return switch (this) {
      case AsNode() -> "";
      case UntilRead() -> NONE;
      case AtMost(Duration time) -> Lengths.text(time);
    };
  }

  /**
   * The reverse of {@link #text} for what an agreement writes.
   *
   * @throws RefusedException INVALID_AGREEMENT
   */
  static Keep parse(String text) {
    if (text.equals(NONE)) {
      return UNTIL_READ;
    }
    return new AtMost(
        Lengths.parse(text)
            .orElseThrow(() ->
                new RefusedException(
                    Reason.INVALID_AGREEMENT,
                    "'%s' is neither none nor a length of time; expected none, or a number and s, m, h or d, such as 30d"
                        .formatted(Suggestions.shown(text)))));
  }
}
