package io.parley.apps.regression;

import java.util.List;
import java.util.SequencedMap;

/** A fitted model, as the report shows it. */
sealed interface Fit permits LinearFit, LogisticFit {
  List<Coefficient> coefficients();

  /** The name of the coefficients' test statistic. */
  String statistic();

  /** Figures of the whole model by name; what is not finite is shown as null. */
  SequencedMap<String, Double> figures();

  /** The p value of a figure; NaN where it has none. */
  double pValue(String figure);
}
