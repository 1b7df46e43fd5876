package io.parley.apps.modelling;

import java.util.List;

/**
 * A logit by Newton's method, written down once more and as plainly as it goes: what the apps' own
 * is held against.
 *
 * @param coefficients the intercept, then one for each column
 * @param stdErrors from the inverse of the information
 */
@SuppressWarnings("ArrayRecordComponent") // Of tests only.
public record Newton(double[] coefficients, double[] stdErrors, double deviance) {
  private static final int STEPS = 100;

  /**
   * @param x rows without the intercept
   * @param y whether a row is a one
   */
  public static Newton fit(List<double[]> x, List<Boolean> y) {
    int p = x.getFirst().length + 1;
    double[] b = new double[p];
    double[][] inverse = new double[p][p];
    for (int step = 0; step < STEPS; step++) {
      double[] gradient = new double[p];
      double[][] information = new double[p][p];
      for (int i = 0; i < x.size(); i++) {
        double[] row = withIntercept(x.get(i));
        double probability = probability(b, row);
        for (int j = 0; j < p; j++) {
          gradient[j] += ((y.get(i) ? 1 : 0) - probability) * row[j];
          for (int k = 0; k < p; k++) {
            information[j][k] += probability * (1 - probability) * row[j] * row[k];
          }
        }
      }
      inverse = inverse(information);
      for (int j = 0; j < p; j++) {
        for (int k = 0; k < p; k++) {
          b[j] += inverse[j][k] * gradient[k];
        }
      }
    }
    double[] errors = new double[p];
    for (int j = 0; j < p; j++) {
      errors[j] = Math.sqrt(inverse[j][j]);
    }
    return new Newton(b, errors, deviance(b, x, y));
  }

  /** The probability of a one in each row. */
  public double[] probabilities(List<double[]> x) {
    return x.stream().mapToDouble(row -> probability(coefficients, withIntercept(row))).toArray();
  }

  private static double deviance(double[] b, List<double[]> x, List<Boolean> y) {
    double sum = 0;
    for (int i = 0; i < x.size(); i++) {
      double probability = probability(b, withIntercept(x.get(i)));
      sum -= 2 * Math.log(y.get(i) ? probability : 1 - probability);
    }
    return sum;
  }

  private static double[] withIntercept(double[] x) {
    double[] row = new double[x.length + 1];
    row[0] = 1;
    System.arraycopy(x, 0, row, 1, x.length);
    return row;
  }

  private static double probability(double[] b, double[] row) {
    double eta = 0;
    for (int j = 0; j < row.length; j++) {
      eta += b[j] * row[j];
    }
    return 1 / (1 + Math.exp(-eta));
  }

  /** By Gauss and Jordan; of a positive definite matrix, so no row needs to be exchanged. */
  private static double[][] inverse(double[][] matrix) {
    int n = matrix.length;
    double[][] inverse = new double[n][n];
    for (int j = 0; j < n; j++) {
      inverse[j][j] = 1;
    }
    for (int pivot = 0; pivot < n; pivot++) {
      double by = matrix[pivot][pivot];
      for (int k = 0; k < n; k++) {
        matrix[pivot][k] /= by;
        inverse[pivot][k] /= by;
      }
      for (int j = 0; j < n; j++) {
        double times = matrix[j][pivot];
        for (int k = 0; k < n && j != pivot; k++) {
          matrix[j][k] -= times * matrix[pivot][k];
          inverse[j][k] -= times * inverse[pivot][k];
        }
      }
    }
    return inverse;
  }
}
