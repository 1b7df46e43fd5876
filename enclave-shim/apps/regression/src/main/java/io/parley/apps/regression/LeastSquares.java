package io.parley.apps.regression;

import io.parley.apps.modelling.Design;
import io.parley.apps.modelling.Term;
import io.parley.apps.modelling.Triangle;
import java.util.ArrayList;
import java.util.List;
import org.hipparchus.distribution.continuous.FDistribution;
import org.hipparchus.distribution.continuous.TDistribution;

/** A linear model by least squares. */
final class LeastSquares {
  private LeastSquares() {}

  /**
   * Fits.
   *
   * @throws io.parley.sdk.AppException TOO_FEW_ROWS, COLLINEAR
   */
  static LinearFit fit(Design design, boolean intercept) {
    Triangle triangle = new Triangle(design.terms());
    design.forEachRow((x, y, extras) -> triangle.add(x, y, 1));
    Triangle.Solution solution = triangle.solve();
    long df = triangle.rows() - design.terms().size();
    double sd = Math.sqrt(solution.residualSquares() / df);
    return summary(design, intercept, solution, triangle.rows(), sd);
  }

  private static List<Coefficient> coefficients(
      List<Term> terms, Triangle.Solution solution, double sd, long df) {
    TDistribution t = new TDistribution(df);
    List<Coefficient> coefficients = new ArrayList<>();
    for (int j = 0; j < terms.size(); j++) {
      double error = sd * solution.norms()[j];
      double value = solution.coefficients()[j] / error;
      // The lower tail keeps its digits where 1 - cdf would round to 0.
      coefficients.add(
          new Coefficient(
              terms.get(j).name(),
              solution.coefficients()[j],
              error,
              value,
              2 * t.cumulativeProbability(-Math.abs(value))));
    }
    return coefficients;
  }

  private static LinearFit summary(
      Design design, boolean intercept, Triangle.Solution solution, long rows, double sd) {
    int p = design.terms().size();
    int first = intercept ? 1 : 0;
    long df = rows - p;
    double rss = solution.residualSquares();
    double explained = 0;
    for (int j = first; j < p; j++) {
      explained += solution.effects()[j] * solution.effects()[j];
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
    return new LinearFit(
        coefficients(design.terms(), solution, sd, df),
        r2,
        adjusted,
        sd,
        f,
        pf,
        rows,
        df,
        design.droppedRows());
  }
}
