package io.parley.apps.matching;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Greedy one-to-one matching: treated units choose one after the other the control with the nearest
 * score, within the caliper and among those that are equal in the exact columns. The same rows give
 * the same pairs.
 */
final class NearestNeighbour {
  private NearestNeighbour() {}

  /** The pairs, in the order of choosing; a treated unit that finds none is in no pair. */
  static List<Pair> match(Sample sample, Plan plan) {
    double caliper =
        Double.isInfinite(plan.caliper())
            ? plan.caliper()
            : plan.caliper() * sample.scoreDeviation();
    Map<List<Double>, Controls> strata = new HashMap<>();
    for (int unit = sample.size() - 1; unit >= 0; unit--) {
      if (!sample.treated(unit)) {
        strata
            .computeIfAbsent(sample.exact(unit), key -> new Controls())
            .add(unit, sample.score(unit));
      }
    }
    List<Pair> pairs = new ArrayList<>();
    for (int unit : choosing(sample, plan.order())) {
      Controls controls = strata.get(sample.exact(unit));
      if (controls == null) {
        continue;
      }
      int control = controls.nearest(sample.score(unit), caliper);
      if (control >= 0) {
        pairs.add(new Pair(unit, control));
        if (!plan.replace()) {
          controls.remove(control, sample.score(control));
        }
      }
    }
    return pairs;
  }

  private static List<Integer> choosing(Sample sample, Plan.Order order) {
    List<Integer> treated = new ArrayList<>();
    for (int unit = 0; unit < sample.size(); unit++) {
      if (sample.treated(unit)) {
        treated.add(unit);
      }
    }
    // Sorting is stable: units of one score keep the order of the rows.
    switch (order) {
      case LARGEST -> treated.sort(Comparator.comparingDouble(unit -> -sample.score(unit)));
      case SMALLEST -> treated.sort(Comparator.comparingDouble(sample::score));
      case DATA -> {}
    }
    return treated;
  }
}
