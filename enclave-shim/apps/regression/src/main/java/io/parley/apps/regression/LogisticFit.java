package io.parley.apps.regression;

import io.parley.apps.modelling.Design;
import io.parley.apps.modelling.Logit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import org.hipparchus.distribution.continuous.NormalDistribution;

/**
 * A fitted logistic model.
 *
 * @param droppedRows matches with a null in a column of the model
 */
record LogisticFit(List<Coefficient> coefficients, Logit.Fitted fitted, long droppedRows)
    implements Fit {
  LogisticFit {
    coefficients = List.copyOf(coefficients);
  }

  /**
   * Fits by maximum likelihood.
   *
   * @throws io.parley.sdk.AppException as {@link Logit#fit}
   */
  static LogisticFit fit(Design design, boolean intercept, String target) {
    Logit.Fitted fitted = Logit.fit(design, intercept, target);
    NormalDistribution normal = new NormalDistribution();
    List<Coefficient> coefficients = new ArrayList<>();
    for (int j = 0; j < design.terms().size(); j++) {
      double z = fitted.coefficients()[j] / fitted.stdErrors()[j];
      coefficients.add(
          new Coefficient(
              design.terms().get(j).name(),
              fitted.coefficients()[j],
              fitted.stdErrors()[j],
              z,
              2 * normal.cumulativeProbability(-Math.abs(z))));
    }
    return new LogisticFit(coefficients, fitted, design.droppedRows());
  }

  @Override
  public String statistic() {
    return "z_value";
  }

  @Override
  public SequencedMap<String, Double> figures() {
    SequencedMap<String, Double> figures = new LinkedHashMap<>();
    figures.put("deviance", fitted.deviance());
    figures.put("null_deviance", fitted.nullDeviance());
    figures.put("aic", fitted.deviance() + 2 * coefficients.size());
    figures.put("steps", (double) fitted.steps());
    figures.put("rows", (double) fitted.rows());
    figures.put("df", (double) fitted.rows() - coefficients.size());
    figures.put("dropped_rows", (double) droppedRows);
    return figures;
  }

  @Override
  public double pValue(String figure) {
    return Double.NaN;
  }
}
