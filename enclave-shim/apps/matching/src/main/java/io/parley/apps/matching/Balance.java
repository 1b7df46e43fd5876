package io.parley.apps.matching;

import io.parley.apps.modelling.Design;
import java.util.ArrayList;
import java.util.List;

/**
 * How alike treated units and controls are in one covariate, before matching and within the pairs.
 *
 * @param difference of the means, treated less controls, in standard deviations of the treated
 *     before matching; NaN where those do not vary
 */
record Balance(String term, Means before, Means after) {
  record Means(double treated, double controls, double difference) {}

  /** One for the score, then one for each term but the intercept. */
  static List<Balance> of(Sample sample, List<Pair> pairs) {
    List<Balance> all = new ArrayList<>();
    all.add(of("(score)", sample, pairs, sample::score));
    for (int j = 0; j < sample.terms().size(); j++) {
      if (!sample.terms().get(j).name().equals(Design.INTERCEPT)) {
        int term = j;
        all.add(
            of(sample.terms().get(j).name(), sample, pairs, unit -> sample.covariate(unit, term)));
      }
    }
    return all;
  }

  private interface Value {
    double of(int unit);
  }

  private static Balance of(String term, Sample sample, List<Pair> pairs, Value value) {
    Mean treated = new Mean();
    Mean controls = new Mean();
    for (int unit = 0; unit < sample.size(); unit++) {
      (sample.treated(unit) ? treated : controls).add(value.of(unit));
    }
    Mean matchedTreated = new Mean();
    Mean matchedControls = new Mean();
    for (Pair pair : pairs) {
      matchedTreated.add(value.of(pair.treated()));
      matchedControls.add(value.of(pair.control()));
    }
    double scale = treated.deviation();
    return new Balance(
        term, means(treated, controls, scale), means(matchedTreated, matchedControls, scale));
  }

  private static Means means(Mean treated, Mean controls, double scale) {
    return new Means(treated.mean(), controls.mean(), (treated.mean() - controls.mean()) / scale);
  }

  /** Welford's running mean and variance. */
  private static final class Mean {
    private long count;
    private double mean;
    private double squares;

    void add(double value) {
      count++;
      double away = value - mean;
      mean += away / count;
      squares += away * (value - mean);
    }

    double mean() {
      return count == 0 ? Double.NaN : mean;
    }

    double deviation() {
      return count < 2 || squares == 0 ? Double.NaN : Math.sqrt(squares / (count - 1));
    }
  }
}
