package io.parley.apps.regression;

import java.util.List;

/**
 * A fitted model.
 *
 * @param r2 with an intercept about the mean of the target, else about 0
 * @param residualSd square root of the residual sum of squares over df
 * @param f against the model with the intercept only; NaN when there is no other term
 * @param df rows less terms
 * @param droppedRows matches with a null in a column of the model
 */
record Fit(
    List<Coefficient> coefficients,
    double r2,
    double adjustedR2,
    double residualSd,
    double f,
    double fPValue,
    long rows,
    long df,
    long droppedRows) {

  Fit {
    coefficients = List.copyOf(coefficients);
  }

  /** One term; {@code pValue} is two-sided. */
  record Coefficient(String term, double estimate, double stdError, double tValue, double pValue) {}
}
