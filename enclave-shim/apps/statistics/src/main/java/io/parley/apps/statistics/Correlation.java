package io.parley.apps.statistics;

/** Pearson's correlation of two columns over the rows that have both, in one pass (Welford). */
final class Correlation {
  private long count;
  private double meanX;
  private double meanY;
  private double squaresX;
  private double squaresY;
  private double products;

  void add(double x, double y) {
    count++;
    double awayX = x - meanX;
    double awayY = y - meanY;
    meanX += awayX / count;
    meanY += awayY / count;
    squaresX += awayX * (x - meanX);
    squaresY += awayY * (y - meanY);
    products += awayX * (y - meanY);
  }

  long count() {
    return count;
  }

  /** NaN when a column does not vary. */
  double value() {
    return squaresX == 0 || squaresY == 0
        ? Double.NaN
        : products / Math.sqrt(squaresX) / Math.sqrt(squaresY);
  }
}
