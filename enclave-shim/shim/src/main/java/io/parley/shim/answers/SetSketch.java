package io.parley.shim.answers;

import java.util.Arrays;

/**
 * A set of identities, and for each measure what each of them contributes, as sums of powers: the
 * difference of two sketches is the sketch of what they differ in, from which the number of
 * identities that differ follows exactly when it is below a limit.
 *
 * <p>Sum j of a weight w is the sum of w(i) * t(i)^j over the identities i with hash t(i). The sums
 * of a difference are a linear recurrence of as many terms as there are identities whose weight
 * differs; {@code 2 * limit} sums tell every length below the limit (Berlekamp and Massey). No
 * difference below the limit is missed unless two identities have one hash, of which the chance is
 * one in 2^61 for each two.
 *
 * <p>Buckets count identities by their hash; sets whose counts differ by the limit or more in all
 * differ by that many identities: a quick no.
 *
 * <p>Not thread-safe while it is filled.
 */
final class SetSketch {
  private static final int SHORT_MASK = 0xffff;

  private final int limit;
  // By weight: the identity itself (1 each), then one for each measure.
  private final long[][] sums;
  private final short[] buckets;

  /** Of nothing. */
  SetSketch(int limit, int measures) {
    this(limit, new long[1 + measures][2 * limit], new short[buckets(limit)]);
  }

  /** With what an earlier one had. */
  SetSketch(int limit, long[][] sums, short[] buckets) {
    this.limit = limit;
    this.sums = sums;
    this.buckets = buckets;
  }

  static int buckets(int limit) {
    return 4 * limit;
  }

  /**
   * One more identity.
   *
   * @param powers of its hash, from 0, as {@link #powers} gives them
   * @param contributions by measure
   */
  void add(long[] powers, long[] contributions) {
    long[] set = sums[0];
    for (int j = 0; j < powers.length; j++) {
      set[j] = Field.add(set[j], powers[j]);
    }
    for (int measure = 1; measure < sums.length; measure++) {
      long weight = contributions[measure - 1];
      long[] to = sums[measure];
      for (int j = 0; j < powers.length; j++) {
        to[j] = Field.add(to[j], Field.multiply(weight, powers[j]));
      }
    }
    int bucket = (int) (Math.multiplyHigh(powers[1], (long) buckets.length << 3));
    buckets[bucket]++;
  }

  /** Fills in the powers of a hash, as many as sketches of this limit sum up. */
  static void powers(long hash, long[] into) {
    into[0] = 1;
    for (int j = 1; j < into.length; j++) {
      into[j] = Field.multiply(into[j - 1], hash);
    }
  }

  /** How many identities are in it. */
  long size() {
    return sums[0][0];
  }

  /** Whether it is plain without arithmetic that they differ by the limit or more identities. */
  boolean farFrom(SetSketch other) {
    if (Math.abs(size() - other.size()) >= limit) {
      return true;
    }
    int apart = 0;
    for (int b = 0; b < buckets.length && apart < limit; b++) {
      int difference = buckets[b] - other.buckets[b] & SHORT_MASK;
      apart += Math.min(difference, SHORT_MASK + 1 - difference);
    }
    return apart >= limit;
  }

  /** How many identities are in one of both only; the limit when it is that or more. */
  int difference(SetSketch other) {
    return farFrom(other) ? limit : distinct(sums[0], other.sums[0]);
  }

  /**
   * How many identities contribute something else, one that contributes to one only among them; the
   * limit when it is that or more.
   */
  int difference(SetSketch other, int measure, int othersMeasure) {
    return distinct(sums[1 + measure], other.sums[1 + othersMeasure]);
  }

  /** Whether both have the same identities, which contribute the same. */
  boolean equalTo(SetSketch other) {
    return Arrays.deepEquals(sums, other.sums);
  }

  long[][] sums() {
    return sums;
  }

  short[] bucketCounts() {
    return buckets;
  }

  /** Length of the shortest linear recurrence of the differences, without divisions. */
  private int distinct(long[] one, long[] two) {
    int terms = one.length;
    long[] difference = new long[terms];
    boolean same = true;
    for (int j = 0; j < terms; j++) {
      difference[j] = Field.subtract(one[j], two[j]);
      same &= difference[j] == 0;
    }
    return same ? 0 : recurrence(difference);
  }

  private int recurrence(long[] terms) {
    long[] current = new long[terms.length + 2];
    long[] before = new long[terms.length + 2];
    current[0] = 1;
    before[0] = 1;
    int length = 0;
    int shift = 1;
    long last = 1;
    for (int n = 0; n < terms.length; n++) {
      long wrong = 0;
      for (int i = 0; i <= length; i++) {
        wrong = Field.add(wrong, Field.multiply(current[i], terms[n - i]));
      }
      if (wrong == 0) {
        shift++;
        continue;
      }
      boolean longer = 2 * length <= n;
      if (longer && n + 1 - length >= limit) {
        return limit;
      }
      long[] kept = longer ? current.clone() : before;
      for (int i = 0; i < current.length; i++) {
        long corrected = i < shift ? 0 : Field.multiply(wrong, before[i - shift]);
        current[i] = Field.subtract(Field.multiply(last, current[i]), corrected);
      }
      if (longer) {
        length = n + 1 - length;
        before = kept;
        last = wrong;
        shift = 1;
      } else {
        shift++;
      }
    }
    return length;
  }
}
