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
  static final Schema SCHEMA =
      Fields.schema(
          Fields.varchar("section"),
          Fields.varchar("term"),
          Fields.float8("estimate"),
          Fields.float8("std_error"),
          Fields.float8("t_value"),
          Fields.float8("p_value"));

  private Report() {}

  static void write(Fit fit, ResultWriter result) throws IOException {
    try (TableResult table = result.table(SCHEMA)) {
      for (Fit.Coefficient c : fit.coefficients()) {
        table.add(
            "coefficient",
            c.term(),
            finite(c.estimate()),
            finite(c.stdError()),
            finite(c.tValue()),
            finite(c.pValue()));
      }
      for (Map.Entry<String, @Nullable Double> figure : figures(fit).entrySet()) {
        boolean isF = figure.getKey().equals("f");
        table.add(
            "model",
            figure.getKey(),
            figure.getValue(),
            null,
            null,
            isF ? finite(fit.fPValue()) : null);
      }
    }
  }

  static Map<String, @Nullable Double> figures(Fit fit) {
    Map<String, @Nullable Double> figures = new LinkedHashMap<>();
    figures.put("r2", finite(fit.r2()));
    figures.put("adjusted_r2", finite(fit.adjustedR2()));
    figures.put("residual_sd", finite(fit.residualSd()));
    figures.put("f", finite(fit.f()));
    figures.put("rows", (double) fit.rows());
    figures.put("df", (double) fit.df());
    figures.put("dropped_rows", (double) fit.droppedRows());
    return figures;
  }

  private static @Nullable Double finite(double value) {
    return Double.isFinite(value) ? value : null;
  }
}
