package io.parley.shim.answers;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Takes the identities of an answer one after the other, each with the groups that it is in, and
 * adds them to the sketches of the groups and of their unions. In constant memory, whatever the
 * number of identities. Not thread-safe.
 */
final class SketchBuilder {
  private final int limit;
  private final List<String> measures;
  private final IdentityHash hash;
  private final List<int[]> unions;
  private final List<SetSketch> sets = new ArrayList<>();
  private final int[] firstOfUnion;
  private final long[] powers;
  private final long[] weights;

  /**
   * @param groups how many there are
   * @param unions for each way to put groups together: which of its sets each group is part of,
   *     counted from 0 without gaps
   */
  SketchBuilder(
      int limit, List<String> measures, IdentityHash hash, int groups, List<int[]> unions) {
    this.limit = limit;
    this.measures = List.copyOf(measures);
    this.hash = hash;
    this.unions = List.copyOf(unions);
    powers = new long[2 * limit];
    weights = new long[measures.size()];
    addSets(groups);
    firstOfUnion = new int[unions.size()];
    for (int u = 0; u < unions.size(); u++) {
      firstOfUnion[u] = sets.size();
      addSets(count(unions.get(u)));
    }
  }

  /** How many sets there are with these groups and unions. */
  static long sets(int groups, List<int[]> unions) {
    long sets = groups;
    for (int[] union : unions) {
      sets += count(union);
    }
    return sets;
  }

  private static int count(int[] union) {
    return 1 + Arrays.stream(union).max().orElse(-1);
  }

  private void addSets(int count) {
    for (int i = 0; i < count; i++) {
      sets.add(new SetSketch(limit, measures.size()));
    }
  }

  /**
   * One identity, all of it.
   *
   * @param in the first {@code count} are the groups that it is in, each once
   * @param contributions of each of those, by measure; they add up over groups
   */
  void add(long high, long low, int count, int[] in, long[][] contributions) {
    SetSketch.powers(hash.identity(high, low), powers);
    for (int i = 0; i < count; i++) {
      add(in[i], contributions[i]);
    }
    for (int u = 0; u < unions.size(); u++) {
      addToUnion(firstOfUnion[u], unions.get(u), count, in, contributions);
    }
  }

  private void addToUnion(int first, int[] setOf, int count, int[] in, long[][] contributions) {
    boolean[] done = new boolean[count];
    long[] together = new long[measures.size()];
    for (int i = 0; i < count; i++) {
      if (done[i]) {
        continue;
      }
      Arrays.fill(together, 0);
      for (int j = i; j < count; j++) {
        if (!done[j] && setOf[in[j]] == setOf[in[i]]) {
          done[j] = true;
          for (int m = 0; m < together.length; m++) {
            together[m] += contributions[j][m];
          }
        }
      }
      add(first + setOf[in[i]], together);
    }
  }

  private void add(int set, long[] digests) {
    for (int m = 0; m < weights.length; m++) {
      weights[m] = hash.contribution(digests[m]);
    }
    sets.get(set).add(powers, weights);
  }

  Sketches finish() {
    return new Sketches(limit, measures, sets);
  }
}
