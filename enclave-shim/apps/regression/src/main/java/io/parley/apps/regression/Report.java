package io.parley.apps.regression;

import io.parley.sdk.Fields;
import io.parley.sdk.ResultWriter;
import io.parley.sdk.TableResult;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.arrow.vector.types.pojo.Schema;
import org.jspecify.annotations.Nullable;

/**
 * The result as a table: first a row per term with section {@code coefficient}, then a row per
 * figure of the model with section {@code model}, the value in {@code estimate}. What is not finite
 * is null.
 */
final class Report {
  private Report() {}

  static void write(Fit fit, ResultWriter result) throws IOException {
    Schema schema =
        Fields.schema(
            Fields.varchar("section"),
            Fields.varchar("term"),
            Fields.float8("estimate"),
            Fields.float8("std_error"),
            Fields.float8(fit.statistic()),
            Fields.float8("p_value"));
    try (TableResult table = result.table(schema)) {
      for (Coefficient c : fit.coefficients()) {
        table.add(
            "coefficient",
            c.term(),
            finite(c.estimate()),
            finite(c.stdError()),
            finite(c.statistic()),
            finite(c.pValue()));
      }
      for (Map.Entry<String, Double> figure : fit.figures().entrySet()) {
        table.add(
            "model",
            figure.getKey(),
            finite(figure.getValue()),
            null,
            null,
            finite(fit.pValue(figure.getKey())));
      }
    }
  }

  static Map<String, @Nullable Double> figures(Fit fit) {
    Map<String, @Nullable Double> figures = new LinkedHashMap<>();
    fit.figures().forEach((name, value) -> figures.put(name, finite(value)));
    return figures;
  }

  private static @Nullable Double finite(double value) {
    return Double.isFinite(value) ? value : null;
  }
}
