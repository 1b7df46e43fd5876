package io.parley.apps.matching;

import io.parley.apps.modelling.Design;
import io.parley.apps.modelling.Logit;
import io.parley.apps.modelling.Term;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** All units in memory, in the order of the rows, each with its score. */
final class Sample {
  private final List<Term> terms;
  private final List<double[]> covariates = new ArrayList<>();
  private final List<List<Double>> exact = new ArrayList<>();
  private double[] outcomes = new double[1024];
  private double[] scores = new double[1024];
  private boolean[] treated = new boolean[1024];
  private int size;

  private Sample(List<Term> terms) {
    this.terms = terms;
  }

  /**
   * @param design target treatment; extras the outcome, then the exact columns
   */
  static Sample of(Design design, Logit.Fitted score) {
    Sample sample = new Sample(design.terms());
    design.forEachRow((x, y, extras) -> sample.add(x, y == 1, extras, score.probability(x)));
    return sample;
  }

  private void add(double[] x, boolean isTreated, double[] extras, double score) {
    if (size == outcomes.length) {
      int more = Math.multiplyExact(2, size);
      outcomes = Arrays.copyOf(outcomes, more);
      scores = Arrays.copyOf(scores, more);
      treated = Arrays.copyOf(treated, more);
    }
    covariates.add(x.clone());
    exact.add(Arrays.stream(extras, 1, extras.length).boxed().toList());
    outcomes[size] = extras[0];
    scores[size] = score;
    treated[size++] = isTreated;
  }

  int size() {
    return size;
  }

  /** The covariates' terms, the intercept first. */
  List<Term> terms() {
    return terms;
  }

  boolean treated(int unit) {
    return treated[unit];
  }

  double outcome(int unit) {
    return outcomes[unit];
  }

  double score(int unit) {
    return scores[unit];
  }

  /** The value of one term. */
  double covariate(int unit, int term) {
    return covariates.get(unit)[term];
  }

  /** What must be equal within a pair. */
  List<Double> exact(int unit) {
    return exact.get(unit);
  }

  /** Standard deviation of the score over all units, n - 1 below. */
  double scoreDeviation() {
    double mean = 0;
    for (int i = 0; i < size; i++) {
      mean += scores[i] / size;
    }
    double squares = 0;
    for (int i = 0; i < size; i++) {
      squares += (scores[i] - mean) * (scores[i] - mean);
    }
    return Math.sqrt(squares / (size - 1));
  }
}
