package io.parley.apps.tally;

import io.parley.sdk.AppException;
import io.parley.sdk.Dataset;
import io.parley.sdk.Row;
import java.time.LocalDateTime;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Takes in every provider's ballots, checks their chains, and keeps of each voter the last valid
 * one. A ballot is valid when its voter is on the roll, its choice is one of the choices, and it
 * was cast in time; the last is that of the latest time, of equal times that of the provider whose
 * dataset's name comes last, of one provider the later one.
 */
final class Urn {
  private record Kept(LocalDateTime castAt, String provider, long sequence, String choice) {
    static final Comparator<Kept> ORDER =
        Comparator.comparing(Kept::castAt)
            .thenComparing(Kept::provider)
            .thenComparingLong(Kept::sequence);
  }

  private final Plan plan;
  private final Set<String> roll = new HashSet<>();
  private final Map<String, Kept> last = new HashMap<>();
  private final SequencedMap<String, String> heads = new LinkedHashMap<>();
  private long valid;
  private long invalid;

  /** Reads the roll. */
  Urn(Plan plan) {
    this.plan = plan;
    plan.roll()
        .forEachRow(row -> {
          if (!row.isNull("voter")) {
            roll.add(row.getText("voter"));
          }
        });
  }

  /**
   * Takes in the ballots of one provider.
   *
   * @throws AppException CHAIN_BROKEN when they are not one whole chain, in its order
   */
  void take(Dataset provider) {
    BallotChain chain = new BallotChain();
    provider.forEachRow(row -> {
      count(provider.name(), next(chain, provider, row));
    });
    heads.put(provider.name(), chain.head());
  }

  private static Ballot next(BallotChain chain, Dataset provider, Row row) {
    for (String column : List.of("sequence", "voter", "cast_at", "choice", "link")) {
      if (row.isNull(column)) {
        throw broken(provider);
      }
    }
    try {
      Ballot ballot =
          new Ballot(
              row.getLong("sequence"),
              row.getText("voter"),
              row.getTimestamp("cast_at"),
              row.getText("choice"));
      if (chain.add(ballot).equals(row.getText("link"))) {
        return ballot;
      }
    } catch (IllegalArgumentException e) {
      throw broken(provider);
    }
    throw broken(provider);
  }

  private void count(String provider, Ballot ballot) {
    @Nullable LocalDateTime closes = plan.closes();
    if (!roll.contains(ballot.voter())
        || !plan.choices().contains(ballot.choice())
        || closes != null && !ballot.castAt().isBefore(closes)) {
      invalid++;
      return;
    }
    valid++;
    last.merge(
        ballot.voter(),
        new Kept(ballot.castAt(), provider, ballot.sequence(), ballot.choice()),
        (before, now) -> Kept.ORDER.compare(before, now) < 0 ? now : before);
  }

  /** Votes for each choice, in the order of the choices; none are there too. */
  SequencedMap<String, Long> counts() {
    SequencedMap<String, Long> counts = new LinkedHashMap<>();
    plan.choices().forEach(choice -> counts.put(choice, 0L));
    last.values().forEach(kept -> counts.merge(kept.choice(), 1L, Long::sum));
    return counts;
  }

  /** Valid ballots that a later one of the same voter took the place of. */
  long replaced() {
    return valid - last.size();
  }

  /** Ballots that do not count: voter not on the roll, choice unknown, or too late. */
  long invalid() {
    return invalid;
  }

  /** The head of each provider's chain, by its dataset's name. */
  SequencedMap<String, String> heads() {
    return heads;
  }

  private static AppException broken(Dataset provider) {
    return new AppException(
        "CHAIN_BROKEN",
        "the ballots of dataset '%s' are not one whole chain in its order; 'ballots verify' names the line"
            .formatted(provider.name()),
        Map.of("dataset", provider.name()));
  }
}
