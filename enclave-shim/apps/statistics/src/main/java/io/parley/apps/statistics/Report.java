package io.parley.apps.statistics;

import io.parley.apps.modelling.Source;
import io.parley.sdk.Fields;
import io.parley.sdk.ResultWriter;
import io.parley.sdk.TableResult;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import org.apache.arrow.vector.types.pojo.Schema;
import org.jspecify.annotations.Nullable;

/**
 * The result as a table: group (null where there are none), column, statistic, value. What rests on
 * fewer rows than {@code min_count} is not there at all:
 *
 * <ul>
 *   <li>a group, and everything about it;
 *   <li>a column of a group with fewer values;
 *   <li>a quantile with fewer values on either side of it;
 *   <li>a bin of a histogram; where that would leave out one bin only, which the others and the
 *       count would give away, the least of those goes too;
 *   <li>a correlation.
 * </ul>
 */
final class Report {
  private static final Schema SCHEMA =
      Fields.schema(
          Fields.varchar("group"),
          Fields.varchar("column"),
          Fields.varchar("statistic"),
          Fields.float8("value"));

  private final Plan plan;
  private final TableResult table;

  private Report(Plan plan, TableResult table) {
    this.plan = plan;
    this.table = table;
  }

  static void write(Plan plan, SortedMap<String, Group> groups, ResultWriter result)
      throws IOException {
    try (TableResult table = result.table(SCHEMA)) {
      Report report = new Report(plan, table);
      for (Map.Entry<String, Group> group : groups.entrySet()) {
        if (group.getValue().rows() >= plan.minCount()) {
          report.group(plan.by() == null ? null : group.getKey(), group.getValue());
        }
      }
    }
  }

  private void group(@Nullable String name, Group group) throws IOException {
    for (int i = 0; i < plan.columns().size(); i++) {
      Source column = plan.columns().get(i);
      Values values = group.column(i);
      if (values.count() >= plan.minCount()) {
        moments(name, column.term(), values);
        quantiles(name, column.term(), values);
        histogram(name, column, values);
      }
      for (int j = 0; j < group.correlations(i).size(); j++) {
        Correlation correlation = group.correlations(i).get(j);
        if (correlation.count() >= plan.minCount()) {
          String other = plan.columns().get(i + 1 + j).term();
          add(name, column.term(), "correlation " + other, correlation.value());
        }
      }
    }
  }

  private void moments(@Nullable String group, String column, Values values) throws IOException {
    add(group, column, "count", values.count());
    add(group, column, "sum", values.sum());
    add(group, column, "mean", values.mean());
    add(group, column, "variance", values.variance());
    add(group, column, "standard_deviation", Math.sqrt(values.variance()));
  }

  private void quantiles(@Nullable String group, String column, Values values) throws IOException {
    for (double quantile : plan.quantiles()) {
      if (Math.floor(Math.min(quantile, 1 - quantile) * values.count()) >= plan.minCount()) {
        add(group, column, "quantile " + quantile, values.quantile(quantile));
      }
    }
  }

  private void histogram(@Nullable String group, Source column, Values values) throws IOException {
    List<Double> edges = plan.histogram().getOrDefault(column, List.of());
    List<Long> counts = new ArrayList<>();
    for (int i = 0; i + 1 < edges.size(); i++) {
      counts.add(values.between(edges.get(i), edges.get(i + 1), i + 2 == edges.size()));
    }
    List<Boolean> told = told(counts, values.count());
    for (int i = 0; i < counts.size(); i++) {
      if (told.get(i)) {
        String bin = "bin %s to %s".formatted(edges.get(i), edges.get(i + 1));
        add(group, column.term(), bin, counts.get(i));
      }
    }
  }

  /** The values outside all edges are one more part that the count would give away. */
  private List<Boolean> told(List<Long> counts, long all) {
    List<Long> parts = new ArrayList<>(counts);
    parts.add(all - counts.stream().mapToLong(Long::longValue).sum());
    List<Boolean> told = new ArrayList<>();
    // An empty part tells of nobody, but leaving it out hides which of the small ones it is not.
    parts.forEach(part -> told.add(part >= plan.minCount()));
    told.set(counts.size(), parts.getLast() == 0 || told.getLast());
    if (told.stream().filter(shown -> !shown).count() == 1) {
      int least = -1;
      for (int i = 0; i < counts.size(); i++) {
        if (told.get(i) && (least < 0 || counts.get(i) < counts.get(least))) {
          least = i;
        }
      }
      if (least >= 0) {
        told.set(least, false);
      }
    }
    return told;
  }

  private void add(@Nullable String group, String column, String statistic, double value)
      throws IOException {
    table.add(group, column, statistic, Double.isFinite(value) ? value : null);
  }
}
