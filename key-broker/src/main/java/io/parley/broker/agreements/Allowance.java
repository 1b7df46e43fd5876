package io.parley.broker.agreements;

import io.parley.broker.keys.Epochs;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jdbi.v3.core.Handle;

/**
 * How much an agreement still allows at one moment.
 *
 * @param jobsToday counted in this day of UTC
 * @param budgets how much of them is used, of each dataset that has one
 * @param refusedNow the reason that one more job would be refused with; empty when it would not
 */
public record Allowance(int jobsToday, List<BudgetUse> budgets, String refusedNow) {
  public Allowance {
    budgets = List.copyOf(budgets);
  }

  /** What is allowed at this instant. */
  static Allowance of(Handle read, StoredAgreement stored, Instant now) {
    int today = AgreementRows.jobsOn(read, stored.digest(), now);
    List<BudgetUse> budgets = BudgetUse.of(read, stored, now);
    try {
      requireOneMore(stored, today, now);
      budgets.forEach(budget -> budget.requireOneMore(stored.digest()));
      Epochs.requireNoneRevoked(read, stored.digest());
      return new Allowance(today, budgets, "");
    } catch (RefusedException e) {
      return new Allowance(today, budgets, e.reason().name());
    }
  }

  /**
   * Passes when one more job may be counted. Within the transaction that counts it.
   *
   * @throws RefusedException as {@link StoredAgreement#requireCurrent}, MAX_JOBS_REACHED,
   *     DAILY_JOBS_REACHED, RULE_BUDGET, KEY_REVOKED
   */
  public static void requireOneMore(Handle write, StoredAgreement stored, Instant now) {
    boolean perDay = stored.agreement().terms().window().jobsPerDay() > 0;
    requireOneMore(stored, perDay ? AgreementRows.jobsOn(write, stored.digest(), now) : 0, now);
    BudgetUse.of(write, stored, now).forEach(budget -> budget.requireOneMore(stored.digest()));
    Epochs.requireNoneRevoked(write, stored.digest());
  }

  private static void requireOneMore(StoredAgreement stored, int today, Instant now) {
    stored.requireCurrent(now);
    int max = stored.agreement().maxJobs();
    if (stored.jobsStarted() >= max) {
      throw reached(
          Reason.MAX_JOBS_REACHED,
          "all %d jobs of agreement '%s' have been started; agree on a new one",
          stored,
          "max_jobs",
          max);
    }
    int perDay = stored.agreement().terms().window().jobsPerDay();
    if (perDay > 0 && today >= perDay) {
      throw reached(
          Reason.DAILY_JOBS_REACHED,
          "all %d jobs of today under agreement '%s' have been started; wait for the next day of UTC",
          stored,
          "jobs_per_day",
          perDay);
    }
  }

  private static RefusedException reached(
      Reason reason, String message, StoredAgreement stored, String limit, int number) {
    return new RefusedException(
        reason,
        message.formatted(number, stored.agreement().name()),
        Map.of("agreement", stored.digest().toString(), limit, Integer.toString(number)));
  }
}
