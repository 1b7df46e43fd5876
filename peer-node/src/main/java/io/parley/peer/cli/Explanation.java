package io.parley.peer.cli;

import io.parley.peer.cli.output.RowWriter.Column;
import io.parley.proto.broker.v1.ComparedClaim;
import io.parley.proto.broker.v1.Comparison;
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
    Comparison comparison = decision.getComparison();
    for (ComparedClaim claim : comparison.getClaimsList()) {
      rows.add(
          row(
              decision,
              claim.getReason().isEmpty() ? decision.getReason() : claim.getReason(),
              claim,
              claim.getAdvice().isEmpty() ? decision.getDetail() : claim.getAdvice()));
    }
    if (comparison.getLeftOut() != 0) {
      // As the others, so that scripts see it too.
      rows.add(
          row(
              decision,
              null,
              null,
              "%s more claims differ that the log had no room for"
                  .formatted(Integer.toUnsignedString(comparison.getLeftOut()))));
    }
    if (comparison.getClaimsCount() == 0) {
      hidden = hidden || decision.getDetail().startsWith("claim ");
      rows.add(row(decision, decision.getReason(), null, decision.getDetail()));
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
      Decision decision, @Nullable String reason, @Nullable ComparedClaim claim, String detail) {
    return Arrays.<@Nullable Object>asList(
        JobViews.time(decision.hasAt(), decision.getAt()),
        decision.getParty(),
        reason,
        claim == null ? null : claim.getClaim(),
        claim == null ? null : claim.getExpected(),
        claim == null ? null : claim.getSeen(),
        detail,
        decision.getIndex());
  }
}
