package io.parley.broker.log;

import io.parley.proto.broker.v1.Decision;
import java.util.List;

/**
 * Decisions, oldest first.
 *
 * @param more whether it may go on after the last of them
 */
public record DecisionPage(List<Decision> decisions, boolean more) {
  public DecisionPage {
    decisions = List.copyOf(decisions);
  }

  /** Index that the next page begins at; 0 when there is none. */
  public long next() {
    return more ? decisions.getLast().getIndex() + 1 : 0;
  }
}
