package io.parley.apps.modelling;

import io.parley.sdk.AppException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.hipparchus.linear.MatrixUtils;
import org.hipparchus.linear.QRDecomposition;
import org.hipparchus.linear.RealMatrix;

/**
 * Householder QR of rows as they come, with the target as last column, [X | y], block by block: the
 * triangle of what came before is stacked on the next block. That needs memory for one block only
 * and loses no digits, where the normal equations X'X would lose half of them.
 *
 * <p>The last triangle R holds everything: its last column is Q'y, so the coefficients solve a
 * triangular system and the residual sum of squares is the square of the last corner. Not
 * thread-safe.
 */
public final class Triangle {
  /** Less than this part of a column left over, and it is a combination of those before it. */
  private static final double COLLINEAR = 1e-11;

  private static final int BLOCK_ROWS = 2048;

  private final List<Term> terms;
  private final int width;
  private final double[][] block;
  private final double[] squares;
  private int filled;
  private long rows;

  /** Without a row yet. */
  public Triangle(List<Term> terms) {
    this.terms = List.copyOf(terms);
    this.width = terms.size() + 1;
    this.block = new double[Math.max(BLOCK_ROWS, 4 * width)][width];
    this.squares = new double[width];
  }

  /**
   * Adds a row, times the root of its weight.
   *
   * @param x one number per term
   */
  public void add(double[] x, double y, double rootWeight) {
    if (filled == block.length) {
      reduce();
    }
    double[] row = block[filled++];
    for (int j = 0; j < width - 1; j++) {
      row[j] = x[j] * rootWeight;
    }
    row[width - 1] = y * rootWeight;
    for (int j = 0; j < width; j++) {
      squares[j] += row[j] * row[j];
    }
    rows++;
  }

  /** How many rows were added. */
  public long rows() {
    return rows;
  }

  /**
   * The solution over all rows; no row may be added after it.
   *
   * @throws AppException TOO_FEW_ROWS, COLLINEAR
   */
  public Solution solve() {
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
    double[] coefficients = new double[p];
    double[] norms = new double[p];
    double[] effects = new double[p];
    for (int j = 0; j < p; j++) {
      effects[j] = block[j][p];
      for (int k = j; k < p; k++) {
        coefficients[j] += inverse[j][k] * block[k][p];
        norms[j] = Math.hypot(norms[j], inverse[j][k]);
      }
    }
    return new Solution(coefficients, norms, effects, block[p][p] * block[p][p]);
  }

  /**
   * @param coefficients one per term
   * @param norms root of the diagonal of (X'X)^-1: times the residual standard deviation it is the
   *     standard error
   * @param effects Q'y
   * @param residualSquares residual sum of squares
   */
  @SuppressWarnings("ArrayRecordComponent") // Stays within the app.
  public record Solution(
      double[] coefficients, double[] norms, double[] effects, double residualSquares) {}

  /** Replaces the filled rows by their triangle. */
  private void reduce() {
    RealMatrix filledRows =
        MatrixUtils.createRealMatrix(Arrays.copyOf(block, Math.max(filled, width)));
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
