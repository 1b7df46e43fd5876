package io.parley.apps.statistics;

import java.util.Arrays;

/** The numbers of one column in one group. */
final class Values {
  private double[] values = new double[64];
  private int size;
  private boolean sorted;

  void add(double value) {
    if (size == values.length) {
      values = Arrays.copyOf(values, Math.multiplyExact(2, size));
    }
    values[size++] = value;
    sorted = false;
  }

  int count() {
    return size;
  }

  /** Neumaier's compensated sum: the order of the rows changes next to nothing. */
  double sum() {
    double sum = 0;
    double lost = 0;
    for (int i = 0; i < size; i++) {
      double next = sum + values[i];
      lost +=
          Math.abs(sum) >= Math.abs(values[i]) ? sum - next + values[i] : values[i] - next + sum;
      sum = next;
    }
    return sum + lost;
  }

  double mean() {
    return sum() / size;
  }

  /** Of the sample, n - 1 below; NaN for fewer than two. */
  double variance() {
    double mean = mean();
    double squares = 0;
    for (int i = 0; i < size; i++) {
      squares += (values[i] - mean) * (values[i] - mean);
    }
    return size < 2 ? Double.NaN : squares / (size - 1);
  }

  /** Interpolated between the two values next to it, as SQL's percentile_cont. */
  double quantile(double quantile) {
    sort();
    double place = quantile * (size - 1);
    int below = (int) Math.floor(place);
    int above = Math.min(below + 1, size - 1);
    return values[below] + (place - below) * (values[above] - values[below]);
  }

  /**
   * How many are at or above the lower edge and below the upper one, which the last bin has too.
   */
  long between(double lower, double upper, boolean last) {
    long count = 0;
    for (int i = 0; i < size; i++) {
      if (values[i] >= lower && (values[i] < upper || last && values[i] == upper)) {
        count++;
      }
    }
    return count;
  }

  private void sort() {
    if (!sorted) {
      Arrays.sort(values, 0, size);
      sorted = true;
    }
  }
}
