package io.parley.apps.tally;

import io.parley.sdk.Fields;
import io.parley.sdk.testing.TestJob;
import java.io.IOException;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.List;
import org.apache.arrow.vector.types.pojo.Schema;
import org.jspecify.annotations.Nullable;

/** Ballots as providers have them, and jobs over them. */
final class TestBallots {
  static final Schema SCHEMA =
      Fields.schema(
          Fields.bigint("sequence"),
          Fields.varchar("voter"),
          Fields.timestamp("cast_at"),
          Fields.varchar("choice"),
          Fields.varchar("link"));

  private TestBallots() {}

  /** Adds one that is linked to those before it. */
  static void add(List<@Nullable Object[]> ballots, String voter, LocalDateTime at, String choice) {
    BallotChain chain = new BallotChain();
    long sequence = 0;
    for (Object[] row : ballots) {
      String unused =
          chain.add(
              new Ballot(
                  ++sequence,
                  String.valueOf(row[1]),
                  (LocalDateTime) row[2],
                  String.valueOf(row[3])));
    }
    String link = chain.add(new Ballot(sequence + 1, voter, at, choice));
    ballots.add(new Object[] {sequence + 1, voter, at, choice, link});
  }

  /** A vote for yes or no, with this roll of voters. */
  static TestJob job(Path folder, List<@Nullable Object[]> roll) throws IOException {
    return TestJob.in(folder)
        .dataset("roll", Fields.schema(Fields.varchar("voter")), roll)
        .parameter("roll", "roll")
        .parameter("choices", "yes, no");
  }
}
