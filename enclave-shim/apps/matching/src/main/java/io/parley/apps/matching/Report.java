package io.parley.apps.matching;

import io.parley.sdk.Fields;
import io.parley.sdk.ResultWriter;
import io.parley.sdk.TableResult;
import java.io.IOException;
import java.util.List;
import org.apache.arrow.vector.types.pojo.Schema;
import org.hipparchus.distribution.continuous.NormalDistribution;
import org.jspecify.annotations.Nullable;

/**
 * The result as a table. Section {@code effect}: the ATT in {@code estimate}, with {@code
 * std_error}, {@code z_value} and {@code p_value}. Sections {@code before} and {@code after}: a row
 * for each covariate with the mean of the treated in {@code treated}, that of the controls in
 * {@code controls}, and their standardised difference in {@code estimate}. Section {@code counts}:
 * figures in {@code estimate}. What is not finite is null.
 */
final class Report {
  private static final Schema SCHEMA =
      Fields.schema(
          Fields.varchar("section"),
          Fields.varchar("term"),
          Fields.float8("estimate"),
          Fields.float8("std_error"),
          Fields.float8("z_value"),
          Fields.float8("p_value"),
          Fields.float8("treated"),
          Fields.float8("controls"));

  private final Sample sample;
  private final List<Pair> pairs;
  private final double deviance;
  private final long droppedRows;

  Report(Sample sample, List<Pair> pairs, double deviance, long droppedRows) {
    this.sample = sample;
    this.pairs = pairs;
    this.deviance = deviance;
    this.droppedRows = droppedRows;
  }

  void write(ResultWriter result) throws IOException {
    List<Balance> balances = Balance.of(sample, pairs);
    try (TableResult table = result.table(SCHEMA)) {
      effect(table);
      for (Balance balance : balances) {
        means(table, "before", balance.term(), balance.before());
      }
      for (Balance balance : balances) {
        means(table, "after", balance.term(), balance.after());
      }
      counts(table);
    }
  }

  private void effect(TableResult table) throws IOException {
    Effect effect = Effect.of(sample, pairs);
    double z = effect.att() / effect.stdError();
    table.add(
        "effect",
        "att",
        finite(effect.att()),
        finite(effect.stdError()),
        finite(z),
        Double.isFinite(z)
            ? finite(2 * new NormalDistribution().cumulativeProbability(-Math.abs(z)))
            : null,
        null,
        null);
  }

  private static void means(TableResult table, String section, String term, Balance.Means means)
      throws IOException {
    table.add(
        section,
        term,
        finite(means.difference()),
        null,
        null,
        null,
        finite(means.treated()),
        finite(means.controls()));
  }

  private void counts(TableResult table) throws IOException {
    long treated = 0;
    for (int unit = 0; unit < sample.size(); unit++) {
      treated += sample.treated(unit) ? 1 : 0;
    }
    long controls = pairs.stream().map(Pair::control).distinct().count();
    count(table, "treated", treated);
    count(table, "controls", sample.size() - treated);
    count(table, "pairs", pairs.size());
    count(table, "matched_controls", controls);
    count(table, "unmatched_treated", treated - pairs.size());
    count(table, "dropped_rows", droppedRows);
    count(table, "score_deviance", deviance);
  }

  private static void count(TableResult table, String term, double value) throws IOException {
    table.add("counts", term, value, null, null, null, null, null);
  }

  private static @Nullable Double finite(double value) {
    return Double.isFinite(value) ? value : null;
  }
}
