package io.parley.shim.gate;

import io.parley.gate.ExpectedColumn;
import io.parley.gate.ExpectedResult;
import io.parley.gate.GateFindings.Finding;
import io.parley.gate.GateLimits;
import io.parley.gate.Tolerance;
import io.parley.shim.gate.SeenResult.SeenColumn;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.OptionalDouble;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Compares a result with what was expected: columns by name and order, rows by place, or where they
 * may come in any order paired by their cells in exact columns, and then in the order of the
 * others. Of what differs at most {@link GateLimits#FINDINGS_MAX} places are told.
 */
final class ResultComparison {
  private static final String NOTHING = "null";

  private final ExpectedResult expected;
  private final SeenResult seen;
  private final List<Finding> findings = new ArrayList<>();

  private ResultComparison(ExpectedResult expected, SeenResult seen) {
    this.expected = expected;
    this.seen = seen;
  }

  /** What differs; nothing when it is as expected. */
  static List<Finding> compare(ExpectedResult expected, SeenResult seen) {
    ResultComparison comparison = new ResultComparison(expected, seen);
    comparison.run();
    return List.copyOf(comparison.findings);
  }

  private void run() {
    List<String> names = expected.columns().stream().map(ExpectedColumn::name).toList();
    if (!names.equals(seen.names())) {
      add("result %s, columns".formatted(expected.result()), names, seen.names());
      return;
    }
    if (seen.rows() != expected.rows()) {
      add("result %s, rows".formatted(expected.result()), expected.rows(), seen.rows());
      return;
    }
    if (expected.ordered() || expected.json()) {
      IntStream.range(0, expected.rows()).forEach(row -> row(row, row));
      return;
    }
    List<List<@Nullable String>> wanted = expectedRows();
    List<List<@Nullable String>> came = seenRows();
    List<Integer> left = sorted(wanted);
    List<Integer> right = sorted(came);
    for (int i = 0; i < left.size(); i++) {
      row(left.get(i), right.get(i));
    }
  }

  private void row(int wanted, int came) {
    for (int i = 0; i < expected.columns().size(); i++) {
      ExpectedColumn column = expected.columns().get(i);
      @Nullable String want = column.cells().get(wanted);
      @Nullable String got = seen.columns().get(i).cells().get(came);
      if (!same(seen.columns().get(i).form(), column.tolerance(), want, got)) {
        add(place(wanted, column), told(want, column.tolerance()), got == null ? NOTHING : got);
      }
    }
  }

  private String place(int row, ExpectedColumn column) {
    return expected.json()
        ? "result %s, %s"
            .formatted(expected.result(), expected.columns().getFirst().cells().get(row))
        : "result %s, row %d, column %s".formatted(expected.result(), row + 1, column.name());
  }

  private static String told(@Nullable String want, Tolerance tolerance) {
    String text = want == null ? NOTHING : want;
    if (tolerance.isExact() || want == null) {
      return text;
    }
    return "%s (within %s, or %s of it)"
        .formatted(text, tolerance.absolute(), tolerance.relative());
  }

  private static boolean same(
      CellForm form, Tolerance tolerance, @Nullable String want, @Nullable String got) {
    if (Objects.equals(form.canonical(want), got)) {
      return true;
    }
    if (tolerance.isExact() || want == null || got == null) {
      return false;
    }
    OptionalDouble expected = form.asNumber(want);
    OptionalDouble came = form.asNumber(got);
    return expected.isPresent()
        && came.isPresent()
        && tolerance.accepts(expected.getAsDouble(), came.getAsDouble());
  }

  private List<List<@Nullable String>> expectedRows() {
    List<List<@Nullable String>> rows = new ArrayList<>();
    for (int row = 0; row < expected.rows(); row++) {
      List<@Nullable String> cells = new ArrayList<>();
      for (int i = 0; i < expected.columns().size(); i++) {
        cells.add(
            seen.columns().get(i).form().canonical(expected.columns().get(i).cells().get(row)));
      }
      rows.add(cells);
    }
    return rows;
  }

  private List<List<@Nullable String>> seenRows() {
    List<List<@Nullable String>> rows = new ArrayList<>();
    for (int row = 0; row < seen.rows(); row++) {
      List<@Nullable String> cells = new ArrayList<>();
      for (SeenColumn column : seen.columns()) {
        cells.add(column.cells().get(row));
      }
      rows.add(cells);
    }
    return rows;
  }

  /** Numbers of rows: by exact columns as text, then by the others as numbers. */
  private List<Integer> sorted(List<List<@Nullable String>> rows) {
    Comparator<Integer> order = (_, _) -> 0;
    for (boolean exact : new boolean[] {true, false}) {
      for (int i = 0; i < expected.columns().size(); i++) {
        int column = i;
        if (expected.columns().get(i).tolerance().isExact() != exact) {
          continue;
        }
        order =
            exact
                ? order.thenComparing(
                    row -> rows.get(row).get(column),
                    Comparator.nullsFirst(Comparator.naturalOrder()))
                : order.thenComparingDouble(row -> number(rows.get(row).get(column), column));
      }
    }
    return IntStream.range(0, rows.size()).boxed().sorted(order).toList();
  }

  /** What is no number comes first, whatever it is. */
  private double number(@Nullable String text, int column) {
    return seen.columns().get(column).form().asNumber(text).orElse(Double.NEGATIVE_INFINITY);
  }

  private void add(String what, Object wanted, Object came) {
    if (findings.size() < GateLimits.FINDINGS_MAX) {
      findings.add(new Finding(what, wanted.toString(), came.toString()));
    }
  }
}
