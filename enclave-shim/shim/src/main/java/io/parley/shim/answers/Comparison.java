package io.parley.shim.answers;

import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.util.Map;

/**
 * One answer beside all that were given before, of one dataset: whether a set that it shows differs
 * from an earlier one by some identities, and by fewer than the limit; then the two together would
 * tell about those few. Sets with the same identities are fine, unless some of those contribute
 * something else to a measure of both, and fewer than the limit do.
 *
 * <p>A set whose identities an earlier answer has shown already is not compared with others again:
 * the same query gets the same answer. Not thread-safe.
 */
final class Comparison {
  private final String dataset;
  private final Sketches mine;
  private final boolean[] known;
  private final boolean[] close;
  private boolean splits;

  Comparison(String dataset, Sketches mine) {
    this.dataset = dataset;
    this.mine = mine;
    known = new boolean[mine.sets().size()];
    close = new boolean[mine.sets().size()];
  }

  /** One earlier answer. */
  void with(Sketches earlier) {
    int[][] common = commonMeasures(earlier);
    for (int i = 0; i < known.length; i++) {
      SetSketch set = mine.sets().get(i);
      for (SetSketch other : earlier.sets()) {
        int difference = set.difference(other);
        if (difference == 0) {
          known[i] = true;
          splits |= splits(set, other, common);
        } else {
          close[i] |= difference < mine.limit();
        }
      }
    }
  }

  /** Whether this is the same answer: the same sets with the same contributions. */
  static boolean same(Sketches one, Sketches two) {
    return one.measures().equals(two.measures())
        && one.sets().size() == two.sets().size()
        && allIn(one, two)
        && allIn(two, one);
  }

  private static boolean allIn(Sketches one, Sketches two) {
    return one.sets().stream()
        .allMatch(set -> two.sets().stream().anyMatch(other -> set.equalTo(other)));
  }

  /**
   * Passes when nothing small can be told apart.
   *
   * @throws RefusedException RULE_OVERLAP, which says neither which group nor how many
   */
  void conclude() {
    boolean refused = splits;
    for (int i = 0; i < known.length; i++) {
      refused |= close[i] && !known[i];
    }
    if (refused) {
      throw new RefusedException(
          Reason.RULE_OVERLAP,
          ("an answer that was given before and this one would together tell about fewer than %d of"
                  + " those that dataset '%s' is about (its min_group), so this one is not given; ask"
                  + " again for the groups that were given, or for groups that differ by more")
              .formatted(mine.limit(), dataset),
          Map.of("dataset", dataset, "min_group", Integer.toString(mine.limit())));
    }
  }

  private boolean splits(SetSketch set, SetSketch other, int[][] common) {
    for (int[] measure : common) {
      int difference = set.difference(other, measure[0], measure[1]);
      if (difference > 0 && difference < mine.limit()) {
        return true;
      }
    }
    return false;
  }

  private int[][] commonMeasures(Sketches earlier) {
    return mine.measures().stream()
        .filter(earlier.measures()::contains)
        .map(name -> new int[] {mine.measures().indexOf(name), earlier.measures().indexOf(name)})
        .toArray(int[][]::new);
  }
}
