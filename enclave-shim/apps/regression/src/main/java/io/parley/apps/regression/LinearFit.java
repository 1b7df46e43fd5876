package io.parley.apps.regression;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;

/**
 * A fitted linear model.
 *
 * @param r2 with an intercept about the mean of the target, else about 0
 * @param residualSd square root of the residual sum of squares over df
 * @param f against the model with the intercept only; NaN when there is no other term
 * @param df rows less terms
 * @param droppedRows matches with a null in a column of the model
 */
record LinearFit(
    List<Coefficient> coefficients,
    double r2,
    double adjustedR2,
    double residualSd,
    double f,
    double fPValue,
    long rows,
    long df,
    long droppedRows)
    implements Fit {

  LinearFit {
    coefficients = List.copyOf(coefficients);
  }

  @Override
  public String statistic() {
    return "t_value";
  }

  @Override
  public SequencedMap<String, Double> figures() {
    SequencedMap<String, Double> figures = new LinkedHashMap<>();
    figures.put("r2", r2);
    figures.put("adjusted_r2", adjustedR2);
    figures.put("residual_sd", residualSd);
    figures.put("f", f);
    figures.put("rows", (double) rows);
    figures.put("df", (double) df);
    figures.put("dropped_rows", (double) droppedRows);
    return figures;
  }

  @Override
  public double pValue(String figure) {
    return figure.equals("f") ? fPValue : Double.NaN;
  }
}
