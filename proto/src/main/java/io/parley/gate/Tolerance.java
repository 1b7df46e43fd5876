package io.parley.gate;

/**
 * How far a number may be off from the expected one: by at most the absolute tolerance, or by at
 * most the relative one times the expected number. With both 0 it must be the same value.
 */
public record Tolerance(double absolute, double relative) {
  /** The same value, and nothing else. */
  public static final Tolerance EXACT = new Tolerance(0, 0);

  public Tolerance {
    if (!within(absolute) || !within(relative)) {
      throw new IllegalArgumentException("a tolerance is a finite number, 0 or above");
    }
  }

  private static boolean within(double value) {
    // Negative zero would be another byte form of the same tolerance.
    return Double.isFinite(value) && value >= 0 && 1 / value > 0;
  }

  public boolean isExact() {
    return absolute == 0 && relative == 0;
  }

  /** Whether a number passes. NaN passes for NaN, and an infinity for the same one. */
  public boolean accepts(double expected, double seen) {
    if (Double.isNaN(expected) || Double.isNaN(seen)) {
      return Double.isNaN(expected) && Double.isNaN(seen);
    }
    if (expected == seen) {
      return true;
    }
    double off = Math.abs(expected - seen);
    return Double.isFinite(off) && (off <= absolute || off <= relative * Math.abs(expected));
  }
}
