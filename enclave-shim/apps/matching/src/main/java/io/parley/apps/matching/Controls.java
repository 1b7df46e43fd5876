package io.parley.apps.matching;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;

/**
 * Controls by their score, to be found by the nearest. Of several that are equally near, the one
 * whose row comes first is found.
 */
final class Controls {
  /** Rows of one score each, the first row last, so that taking it is cheap. */
  private final NavigableMap<Double, List<Integer>> byScore = new TreeMap<>();

  /** Adds; rows must come from the last to the first. */
  void add(int unit, double score) {
    byScore.computeIfAbsent(score, s -> new ArrayList<>(1)).add(unit);
  }

  /** The nearest control, or -1 when there is none within this distance. */
  int nearest(double score, double caliper) {
    Map.Entry<Double, List<Integer>> below = byScore.floorEntry(score);
    Map.Entry<Double, List<Integer>> above = byScore.ceilingEntry(score);
    Map.Entry<Double, List<Integer>> found = nearer(score, below, above);
    return found == null || Math.abs(found.getKey() - score) > caliper
        ? -1
        : found.getValue().getLast();
  }

  /** Takes a control away. */
  void remove(int unit, double score) {
    List<Integer> units = byScore.get(score);
    if (units != null && units.remove((Integer) unit) && units.isEmpty()) {
      byScore.remove(score);
    }
  }

  private static Map.@org.jspecify.annotations.Nullable Entry<Double, List<Integer>> nearer(
      double score,
      Map.@org.jspecify.annotations.Nullable Entry<Double, List<Integer>> below,
      Map.@org.jspecify.annotations.Nullable Entry<Double, List<Integer>> above) {
    if (below == null || above == null) {
      return below == null ? above : below;
    }
    int order = Double.compare(score - below.getKey(), above.getKey() - score);
    if (order == 0) {
      order = Integer.compare(below.getValue().getLast(), above.getValue().getLast());
    }
    return order <= 0 ? below : above;
  }
}
