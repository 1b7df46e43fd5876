package io.parley.peer.cli;

import io.parley.peer.cli.output.RowWriter.Column;
import io.parley.proto.broker.v1.ComparedClaim;
import io.parley.proto.broker.v1.Decision;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What the broker refused in a job, as far as this party may know it. */
final class Explanation {
  private static final String REFUSE = "refuse";

  private final List<List<@Nullable Object>> rows = new ArrayList<>();
  private boolean hidden;

  /** One decision about the job, in order. */
  void add(Decision decision) {
    if (!decision.getAction().equals(REFUSE)) {
      return;
    }
    for (ComparedClaim claim : decision.getComparison().getClaimsList()) {
      rows.add(row(decision, claim.getClaim(), claim.getExpected(), claim.getSeen()));
    }
    if (decision.getComparison().getClaimsCount() == 0) {
      hidden = hidden || decision.getDetail().startsWith("claim ");
      rows.add(row(decision, null, null, null));
    }
  }

  void show(Session session) {
    if (rows.isEmpty()) {
      session.notices().say("The broker has refused nothing in this job.");
    } else if (hidden) {
      session
          .notices()
          .say("Where expected and seen are empty, the owners of the datasets see them.");
    }
    session
        .printer()
        .list(
            List.of(
                Column.text("at"),
                Column.text("party"),
                Column.text("reason"),
                Column.text("claim"),
                Column.text("expected"),
                Column.text("seen"),
                Column.text("detail"),
                Column.number("log_index")),
            rows);
  }

  private static List<@Nullable Object> row(
      Decision decision, @Nullable String claim, @Nullable String expected, @Nullable String seen) {
    return Arrays.<@Nullable Object>asList(
        JobViews.time(decision.hasAt(), decision.getAt()),
        decision.getParty(),
        decision.getReason(),
        claim,
        expected,
        seen,
        decision.getDetail(),
        decision.getIndex());
  }
}
