package io.parley.apps.regression;

import io.parley.sdk.AppException;
import java.util.List;
import java.util.Map;
import org.hipparchus.distribution.continuous.FDistribution;
import org.hipparchus.distribution.continuous.TDistribution;
import org.hipparchus.linear.MatrixUtils;
import org.hipparchus.linear.QRDecomposition;
import org.hipparchus.linear.RealMatrix;

/**
 * Least squares by Householder QR of the rows with the target as last column, [X | y], block by
 * block: the triangle of what came before is stacked on the next block. That needs memory for one
 * block only and loses no digits, where the normal equations X'X would lose half of them.
 *
 * <p>The last triangle R holds everything: its last column is Q'y, so the coefficients solve a
 * triangular system and the residual sum of squares is the square of the last corner.
 */
final class LeastSquares {
  /** Less than this part of a column left over, and it is a combination of those before it. */
  private static final double COLLINEAR = 1e-11;

  private static final int BLOCK_ROWS = 2048;

  private final List<Term> terms;
  private final boolean intercept;
  private final int width;
  private final double[][] block;
  private final double[] squares;
  private int filled;
  private long rows;

  LeastSquares(List<Term> terms, boolean intercept) {
    this.terms = List.copyOf(terms);
    this.intercept = intercept;
    this.width = terms.size() + 1;
    this.block = new double[Math.max(BLOCK_ROWS, 4 * width)][width];
    this.squares = new double[width];
  }

  /** Adds a row: one number per term, and the target. */
  void add(double[] x, double y) {
    if (filled == block.length) {
      reduce();
    }
    double[] row = block[filled++];
    System.arraycopy(x, 0, row, 0, width - 1);
    row[width - 1] = y;
    for (int j = 0; j < width; j++) {
      squares[j] += row[j] * row[j];
    }
    rows++;
  }

  /**
   * The fit over all rows.
   *
   * @throws AppException TOO_FEW_ROWS, COLLINEAR
   */
  Fit fit(long droppedRows) {
    int p = width - 1;
    if (rows <= p) {
      // How many there are is a fact about the datasets: not told.
      throw new AppException(
          "TOO_FEW_ROWS",
          "%d terms need at least %d rows that match and hold no null; there are fewer"
              .formatted(p, p + 1),
          Map.of("terms", Integer.toString(p)));
    }
    reduce();
    checkRank();
    double[][] inverse = inverse(p);
    long df = rows - p;
    double rss = block[p][p] * block[p][p];
    double sd = Math.sqrt(rss / df);
    TDistribution t = new TDistribution(df);
    Fit.Coefficient[] coefficients = new Fit.Coefficient[p];
    for (int j = 0; j < p; j++) {
      double estimate = 0;
      double norm = 0;
      for (int k = j; k < p; k++) {
        estimate += inverse[j][k] * block[k][p];
        norm = Math.hypot(norm, inverse[j][k]);
      }
      double error = sd * norm;
      double value = estimate / error;
      // The lower tail keeps its digits where 1 - cdf would round to 0.
      coefficients[j] =
          new Fit.Coefficient(
              terms.get(j).name(),
              estimate,
              error,
              value,
              2 * t.cumulativeProbability(-Math.abs(value)));
    }
    return summary(List.of(coefficients), rss, sd, df, droppedRows);
  }

  private Fit summary(
      List<Fit.Coefficient> coefficients, double rss, double sd, long df, long droppedRows) {
    int p = width - 1;
    int first = intercept ? 1 : 0;
    double explained = 0;
    for (int j = first; j < p; j++) {
      explained += block[j][p] * block[j][p];
    }
    // With an intercept, its row of Q'y holds the mean, and the rest is about the mean.
    double r2 = explained / (explained + rss);
    double adjusted = 1 - (1 - r2) * (rows - first) / df;
    int dfModel = p - first;
    double f = dfModel == 0 ? Double.NaN : explained / dfModel / (rss / df);
    double pf =
        Double.isFinite(f) && f > 0
            ? new FDistribution(df, dfModel).cumulativeProbability(1 / f)
            : Double.NaN;
    return new Fit(coefficients, r2, adjusted, sd, f, pf, rows, df, droppedRows);
  }

  /** Replaces the filled rows by their triangle. */
  private void reduce() {
    RealMatrix filledRows =
        MatrixUtils.createRealMatrix(java.util.Arrays.copyOf(block, Math.max(filled, width)));
    for (int i = filled; i < width; i++) {
      filledRows.setRow(i, new double[width]);
    }
    RealMatrix r = new QRDecomposition(filledRows).getR();
    for (int i = 0; i < width; i++) {
      block[i] = r.getRow(i);
    }
    filled = width;
  }

  private void checkRank() {
    for (int j = 0; j < width - 1; j++) {
      if (Math.abs(block[j][j]) <= COLLINEAR * Math.sqrt(squares[j])) {
        String column = terms.get(j).column();
        throw new AppException(
            "COLLINEAR",
            "'%s' is 0 everywhere or a combination of the terms before it; leave it out"
                .formatted(column),
            Map.of("column", column));
      }
    }
  }

  /** Of the p by p upper triangle. */
  private double[][] inverse(int p) {
    double[][] inverse = new double[p][p];
    for (int column = 0; column < p; column++) {
      for (int i = column; i >= 0; i--) {
        double sum = i == column ? 1 : 0;
        for (int k = i + 1; k <= column; k++) {
          sum -= block[i][k] * inverse[k][column];
        }
        inverse[i][column] = sum / block[i][i];
      }
    }
    return inverse;
  }
}
