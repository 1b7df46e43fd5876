package io.parley.peer.jobs;

import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.util.HashMap;
import java.util.Map;

/**
 * How many jobs may run here at once. Thread-safe.
 *
 * <p>Guarantee: jobs that one other party submitted hold at most half of the slots, rounded up, so
 * that none can fill the node alone. The own party's jobs may take all that are free.
 */
final class JobSlots {
  private final String party;
  private final int max;
  private final int share;
  private final Map<String, Integer> taken = new HashMap<>();

  JobSlots(String party, int max) {
    this.party = party;
    this.max = max;
    this.share = max / 2 + max % 2;
  }

  /**
   * Takes a slot for a job of this submitter; {@link #release} gives it back.
   *
   * @throws RefusedException TOO_MANY when all are taken, or the submitter's share is
   */
  synchronized void take(String submitter) {
    if (taken.values().stream().mapToInt(Integer::intValue).sum() >= max) {
      throw new RefusedException(
          Reason.TOO_MANY,
          "the node of '%s' runs %d jobs, as many as limits.jobs allows; try again later"
              .formatted(party, max),
          Map.of("party", party, "limit", Integer.toString(max)));
    }
    int own = taken.getOrDefault(submitter, 0);
    if (!submitter.equals(party) && own >= share) {
      throw new RefusedException(
          Reason.TOO_MANY,
          "the node of '%s' runs %d jobs of '%s', as many as it runs for one other party; try again later"
              .formatted(party, share, submitter),
          Map.of("party", party, "submitter", submitter, "limit", Integer.toString(share)));
    }
    taken.put(submitter, own + 1);
  }

  synchronized void release(String submitter) {
    taken.computeIfPresent(submitter, (name, count) -> count == 1 ? null : count - 1);
  }
}
