package io.parley.apps.matching;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** A logit with one covariate by Newton's method, written down once more. */
final class Scores {
  private Scores() {}

  static double[] of(List<@Nullable Object[]> data) {
    double a = 0;
    double b = 0;
    for (int step = 0; step < 100; step++) {
      double ga = 0;
      double gb = 0;
      double haa = 0;
      double hab = 0;
      double hbb = 0;
      for (Object[] row : data) {
        double x = (Double) row[1];
        double p = 1 / (1 + Math.exp(-a - b * x));
        double away = ((Boolean) row[0] ? 1 : 0) - p;
        ga += away;
        gb += away * x;
        haa += p * (1 - p);
        hab += p * (1 - p) * x;
        hbb += p * (1 - p) * x * x;
      }
      double det = haa * hbb - hab * hab;
      a += (hbb * ga - hab * gb) / det;
      b += (haa * gb - hab * ga) / det;
    }
    double[] scores = new double[data.size()];
    for (int i = 0; i < scores.length; i++) {
      scores[i] = 1 / (1 + Math.exp(-a - b * (Double) data.get(i)[1]));
    }
    return scores;
  }
}
