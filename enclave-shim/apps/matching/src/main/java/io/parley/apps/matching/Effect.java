package io.parley.apps.matching;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The average effect on the treated (ATT): the mean difference of outcomes within pairs.
 *
 * <p>Its standard error is that of Abadie and Imbens (Econometrica 74, 2006, section 4.2) for one
 * match: the spread of the differences, and for controls that were used more than once their own
 * spread on top, K(K-1) times the variance of the outcome among controls like them, which is taken
 * from the nearest other control. Without replacement that part is nothing, and what is left is the
 * paired standard error. Not in it: that the score itself was estimated.
 *
 * @param pairs how many
 */
record Effect(double att, double stdError, int pairs) {
  static Effect of(Sample sample, List<Pair> pairs) {
    int n = pairs.size();
    double mean = 0;
    for (Pair pair : pairs) {
      mean += difference(sample, pair) / n;
    }
    double squares = 0;
    Map<Integer, Integer> uses = new HashMap<>();
    for (Pair pair : pairs) {
      double away = difference(sample, pair) - mean;
      squares += away * away;
      uses.merge(pair.control(), 1, Integer::sum);
    }
    double variance = n > 1 ? squares / (n - 1) / n : Double.NaN;
    return new Effect(mean, Math.sqrt(variance + reuse(sample, uses) / n / n), n);
  }

  private static double reuse(Sample sample, Map<Integer, Integer> uses) {
    if (uses.values().stream().allMatch(count -> count == 1)) {
      return 0;
    }
    Neighbours neighbours = new Neighbours(sample);
    double sum = 0;
    for (Map.Entry<Integer, Integer> use : new TreeMap<>(uses).entrySet()) {
      int count = use.getValue();
      if (count > 1) {
        sum += (double) count * (count - 1) * neighbours.variance(use.getKey());
      }
    }
    return sum;
  }

  private static double difference(Sample sample, Pair pair) {
    return sample.outcome(pair.treated()) - sample.outcome(pair.control());
  }

  /** Controls in the order of their scores, each with the one next to it. */
  private static final class Neighbours {
    private final Sample sample;
    private final List<Integer> controls = new ArrayList<>();
    private final Map<Integer, Integer> places = new HashMap<>();

    Neighbours(Sample sample) {
      this.sample = sample;
      for (int unit = 0; unit < sample.size(); unit++) {
        if (!sample.treated(unit)) {
          controls.add(unit);
        }
      }
      controls.sort((a, b) -> Double.compare(sample.score(a), sample.score(b)));
      for (int place = 0; place < controls.size(); place++) {
        places.put(controls.get(place), place);
      }
    }

    /** Half the squared difference to the nearest other control; NaN when there is no other. */
    double variance(int control) {
      int place = places.getOrDefault(control, 0);
      double nearest = Double.POSITIVE_INFINITY;
      double variance = Double.NaN;
      for (int other : new int[] {place - 1, place + 1}) {
        if (other >= 0 && other < controls.size()) {
          int unit = controls.get(other);
          double distance = Math.abs(sample.score(unit) - sample.score(control));
          if (distance < nearest) {
            nearest = distance;
            double away = sample.outcome(unit) - sample.outcome(control);
            variance = away * away / 2;
          }
        }
      }
      return variance;
    }
  }
}
