package io.parley.apps.statistics;

import io.parley.apps.modelling.Parameters;
import io.parley.apps.modelling.Source;
import io.parley.sdk.JobContext;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What to tell, from the parameters of a job.
 *
 * @param columns {@code columns}, with commas between: columns of numbers
 * @param by {@code by}: a column whose values make groups; null: all rows are one group
 * @param quantiles {@code quantiles}, with commas between, above 0 and below 1
 * @param histogram {@code histogram}: {@code COLUMN=EDGE EDGE ...}, with commas between columns; a
 *     bin has its lower edge and not its upper one, the last bin has both
 * @param correlation {@code correlation}: whether every two columns are correlated; {@code false}
 *     by default
 * @param minCount {@code min_count}: no figure is told that rests on fewer rows; 10 by default
 */
record Plan(
    List<Source> columns,
    @Nullable Source by,
    List<Double> quantiles,
    SequencedMap<Source, List<Double>> histogram,
    boolean correlation,
    long minCount) {
  private static final Set<String> PARAMETERS =
      Set.of("columns", "on", "by", "quantiles", "histogram", "correlation", "min_count");
  private static final int MAX_EDGES = 1000;

  Plan {
    columns = List.copyOf(columns);
    quantiles = List.copyOf(quantiles);
  }

  static Parameters parameters(JobContext job) {
    return new Parameters(job, PARAMETERS);
  }

  static Plan of(JobContext job, Parameters parameters) {
    // That it must be there is said by the job.
    String unused = job.parameter("columns");
    List<Source> columns = parameters.columns("columns");
    @Nullable Source by = job.optionalParameter("by").isPresent() ? parameters.column("by") : null;
    if (by != null && columns.contains(by)) {
      throw Parameters.invalid("by", "'%s' is among the columns".formatted(by.term()));
    }
    return new Plan(
        columns,
        by,
        quantiles(job.optionalParameter("quantiles").orElse("0.25,0.5,0.75")),
        histogram(job.optionalParameter("histogram").orElse(""), columns),
        parameters.flag("correlation", false),
        minCount(job.optionalParameter("min_count").orElse("10").strip()));
  }

  /** Every column that is needed. */
  List<Source> sources() {
    List<Source> sources = new ArrayList<>(columns);
    if (by != null) {
      sources.add(by);
    }
    return sources;
  }

  private static List<Double> quantiles(String text) {
    List<Double> quantiles = new ArrayList<>();
    for (String part : text.isBlank() ? new String[0] : text.split(",", -1)) {
      double quantile = number("quantiles", part);
      if (quantile <= 0 || quantile >= 1) {
        throw Parameters.invalid(
            "quantiles",
            "'%s' is not above 0 and below 1: least and greatest values are single people's"
                .formatted(part.strip()));
      }
      quantiles.add(quantile);
    }
    return quantiles;
  }

  private static SequencedMap<Source, List<Double>> histogram(String text, List<Source> columns) {
    SequencedMap<Source, List<Double>> histogram = new LinkedHashMap<>();
    for (String part : text.isBlank() ? new String[0] : text.split(",", -1)) {
      String[] sides = part.split("=", 2);
      Source column =
          columns.stream()
              .filter(source -> source.term().equals(sides[0].strip()))
              .findFirst()
              .orElseThrow(() ->
                  Parameters.invalid(
                      "histogram", "'%s' is not one of the columns".formatted(sides[0].strip())));
      histogram.put(column, edges(sides.length < 2 ? "" : sides[1]));
    }
    return histogram;
  }

  private static List<Double> edges(String text) {
    List<Double> edges = new ArrayList<>();
    for (String edge : text.strip().split("\\s+")) {
      edges.add(number("histogram", edge));
    }
    for (int i = 1; i < edges.size(); i++) {
      if (edges.get(i - 1) >= edges.get(i)) {
        throw Parameters.invalid("histogram", "edges must rise: '%s'".formatted(text.strip()));
      }
    }
    if (edges.size() < 2 || edges.size() > MAX_EDGES) {
      throw Parameters.invalid(
          "histogram", "a column needs 2 to %d edges, with spaces between".formatted(MAX_EDGES));
    }
    return List.copyOf(edges);
  }

  private static double number(String parameter, String text) {
    try {
      double number = Double.parseDouble(text.strip());
      if (Double.isFinite(number)) {
        return number;
      }
    } catch (NumberFormatException e) {
      throw Parameters.invalid(parameter, "'%s' is no number".formatted(text.strip()));
    }
    throw Parameters.invalid(parameter, "'%s' is not finite".formatted(text.strip()));
  }

  private static long minCount(String text) {
    if (!text.matches("[1-9][0-9]{0,8}")) {
      throw Parameters.invalid(
          "min_count", "min_count is '%s'; expected a whole number from 1".formatted(text));
    }
    return Long.parseLong(text);
  }
}
