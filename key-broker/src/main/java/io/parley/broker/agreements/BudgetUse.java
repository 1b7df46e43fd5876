package io.parley.broker.agreements;

import io.parley.agreement.Agreement;
import io.parley.agreement.Budget;
import io.parley.agreement.Dataset;
import io.parley.broker.store.Columns;
import io.parley.wire.Digest;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/**
 * How much of a dataset's budget is used at one moment. Counted from the jobs themselves, which
 * nothing deletes: there is no second count to keep in step, and none is lost in a crash. Jobs of
 * agreements that this one replaced count too, where they were over the dataset: a revision gives
 * no fresh budget. So do those that a clock put back makes later than now.
 *
 * @param used queries in the stretch of time that ends now
 * @param nextAt when another is possible; null: now
 */
public record BudgetUse(String dataset, Budget budget, int used, @Nullable Instant nextAt) {

  /** Of each dataset that has a budget, in the order of their names. */
  static List<BudgetUse> of(Handle read, StoredAgreement stored, Instant now) {
    List<BudgetUse> uses = new ArrayList<>();
    for (Dataset dataset : stored.agreement().datasets()) {
      if (!dataset.budget().isUnlimited()) {
        uses.add(of(read, line(read, stored, dataset.name()), dataset, now));
      }
    }
    return uses;
  }

  /**
   * Passes when one more query of this dataset is possible.
   *
   * @throws RefusedException RULE_BUDGET
   */
  void requireOneMore(Digest agreement) {
    if (nextAt == null) {
      return;
    }
    throw new RefusedException(
        Reason.RULE_BUDGET,
        ("dataset '%s' may be asked %d times in any %s (its budget), and was asked %d times; the next"
                + " query is possible at %s")
            .formatted(dataset, budget.queries(), budget.perText(), used, nextAt),
        Map.of(
            "agreement",
            agreement.toString(),
            "dataset",
            dataset,
            "queries",
            Integer.toString(budget.queries()),
            "per",
            budget.perText(),
            "used",
            Integer.toString(used),
            "next_at",
            nextAt.toString()));
  }

  private static BudgetUse of(Handle read, List<Digest> line, Dataset dataset, Instant now) {
    Budget budget = dataset.budget();
    List<byte[]> agreements = line.stream().map(Columns::of).toList();
    long after = now.minus(budget.per()).toEpochMilli();
    int used =
        read.createQuery(
                "SELECT count(*) FROM job WHERE agreement IN (<line>) AND created_at > :after")
            .bindList("line", agreements)
            .bind("after", after)
            .mapTo(Integer.class)
            .one();
    return new BudgetUse(
        dataset.name(),
        budget,
        used,
        used < budget.queries()
            ? null
            : last(read, agreements, budget.queries()).plus(budget.per()));
  }

  /** When the job was counted that must be out of the stretch of time before there is another. */
  private static Instant last(Handle read, List<byte[]> agreements, int queries) {
    return read.createQuery(
            """
            SELECT created_at FROM job WHERE agreement IN (<line>)
            ORDER BY created_at DESC LIMIT 1 OFFSET :others
            """)
        .bindList("line", agreements)
        .bind("others", queries - 1)
        .mapTo(Long.class)
        .map(Instant::ofEpochMilli)
        .one();
  }

  /** This agreement, and those that it replaced one after the other, with the same dataset. */
  private static List<Digest> line(Handle read, StoredAgreement stored, String dataset) {
    List<Digest> line = new ArrayList<>();
    Optional<StoredAgreement> at = Optional.of(stored);
    while (at.isPresent()) {
      Agreement agreement = at.get().agreement();
      if (agreement.datasets().stream().anyMatch(other -> other.name().equals(dataset))) {
        line.add(at.get().digest());
      }
      @Nullable Digest parent = agreement.terms().parent();
      at = parent == null ? Optional.empty() : AgreementRows.find(read, parent);
    }
    return line;
  }
}
