package io.parley.apps.regression;

/**
 * One term of a fit.
 *
 * @param statistic the estimate over its standard error: t of a linear model, z of a logistic one
 * @param pValue two-sided
 */
record Coefficient(
    String term, double estimate, double stdError, double statistic, double pValue) {}
