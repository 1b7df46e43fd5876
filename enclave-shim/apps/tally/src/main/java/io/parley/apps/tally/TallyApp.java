package io.parley.apps.tally;

import io.parley.sdk.App;
import io.parley.sdk.AppException;
import io.parley.sdk.AppMain;
import io.parley.sdk.Dataset;
import io.parley.sdk.Fields;
import io.parley.sdk.JobContext;
import io.parley.sdk.TableResult;
import java.io.IOException;
import java.util.Map;
import org.apache.arrow.vector.types.pojo.Schema;

/**
 * Counts the ballots of many providers. Parameters: see {@link Plan}. The one result is a table of
 * section, name, votes and link: a row {@code choice} with its votes for each choice, {@code
 * ballots} with how many were replaced and how many do not count, {@code chain} with the head of
 * each provider's chain, and {@code digest}, which stands for all ballots of the election: see
 * {@link BallotChain#digest}.
 *
 * <p>Each provider finds the head of its own chain in the result, and so knows that all of its
 * ballots were counted as it has them. No ballot leaves.
 */
public final class TallyApp implements App {
  private static final Schema SCHEMA =
      Fields.schema(
          Fields.varchar("section"),
          Fields.varchar("name"),
          Fields.bigint("votes"),
          Fields.varchar("link"));

  /** The process of the enclave. */
  public static void main(String[] args) {
    AppMain.run(args, new TallyApp());
  }

  @Override
  public void run(JobContext job) throws Exception {
    if (job.results().size() != 1) {
      throw new AppException(
          "INVALID_RESULT",
          "the app tally writes one result; the agreement names %s".formatted(job.results()),
          Map.of("results", job.results().toString()));
    }
    Plan plan = Plan.of(job);
    Urn urn = new Urn(plan);
    int done = 0;
    for (Dataset provider : plan.ballots()) {
      job.progress(done++, plan.ballots().size(), "counting " + provider.name());
      urn.take(provider);
    }
    try (TableResult table = job.result(job.results().getFirst()).table(SCHEMA)) {
      write(urn, table);
    }
  }

  private static void write(Urn urn, TableResult table) throws IOException {
    for (Map.Entry<String, Long> choice : urn.counts().entrySet()) {
      table.add("choice", choice.getKey(), choice.getValue(), null);
    }
    table.add("ballots", "replaced", urn.replaced(), null);
    table.add("ballots", "invalid", urn.invalid(), null);
    for (Map.Entry<String, String> head : urn.heads().entrySet()) {
      table.add("chain", head.getKey(), null, head.getValue());
    }
    table.add("digest", "all", null, BallotChain.digest(urn.heads()));
  }
}
