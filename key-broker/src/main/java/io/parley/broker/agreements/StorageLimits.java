package io.parley.broker.agreements;

import io.parley.agreement.Party;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * How much one party can make the broker write to its disk, other than by jobs and grants, which
 * the agreement counts: proposals that wait for signatures, and entries in the record of decisions
 * per time (refusals, proposals, asking to resume). Halting is never limited. One party's use takes
 * nothing from another's. Counts per time start anew with the process. Thread-safe.
 */
public final class StorageLimits {
  private static final Duration WINDOW = Duration.ofMinutes(1);

  private final int openProposalsMax;
  private final int entriesMax;
  private final LongSupplier nanoTime;
  // By name: who may call at all is a member, so this has no more entries than there were members.
  private final Map<String, Window> windows = new HashMap<>();

  /**
   * @param openProposalsMax of one party
   * @param entriesMax that one party can cause per minute
   * @param nanoTime monotonic, as {@link System#nanoTime}
   */
  public StorageLimits(int openProposalsMax, int entriesMax, LongSupplier nanoTime) {
    this.openProposalsMax = openProposalsMax;
    this.entriesMax = entriesMax;
    this.nanoTime = nanoTime;
  }

  /**
   * Passes when the party may have one more open proposal.
   *
   * @throws RefusedException TOO_MANY
   */
  void requireRoomForProposal(Party party, int open) {
    if (open >= openProposalsMax) {
      throw new RefusedException(
          Reason.TOO_MANY,
          "%s has %d proposals that wait for signatures, at most %d; get them signed or let them expire"
              .formatted(party.name(), open, openProposalsMax),
          Map.of(
              "party",
              party.name(),
              "limit",
              Integer.toString(openProposalsMax),
              "limited",
              "open_proposals"));
    }
  }

  /**
   * Counts one entry in the record, to be called before it is written.
   *
   * @throws RefusedException TOO_MANY when the party has caused as many as it may in this minute;
   *     then nothing is to be written
   */
  public synchronized void requireRoomInRecord(Party party) {
    long now = nanoTime.getAsLong();
    Window window = windows.get(party.name());
    // Differences, because nanoTime may wrap.
    if (window == null || now - window.since() >= WINDOW.toNanos()) {
      window = new Window(now, 0);
    }
    if (window.entries() >= entriesMax) {
      throw new RefusedException(
          Reason.TOO_MANY,
          "%s has caused %d entries in the record of decisions within a minute, at most %d; wait"
              .formatted(party.name(), window.entries(), entriesMax),
          Map.of(
              "party",
              party.name(),
              "limit",
              Integer.toString(entriesMax),
              "limited",
              "decisions_per_minute"));
    }
    windows.put(party.name(), new Window(window.since(), window.entries() + 1));
  }

  private record Window(long since, int entries) {}
}
