package io.parley.apps.regression;

import io.parley.sdk.AppException;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Turns a match of rows into a row of the model: the target, and one number per term. A text column
 * becomes one 0/1 term per distinct text among the matches but the first in text order, called
 * {@code column=text}.
 */
final class Design {
  static final String INTERCEPT = "(intercept)";

  private final Input target;
  private final List<Input> inputs;
  private final boolean intercept;
  private final List<Term> terms = new ArrayList<>();
  private long droppedRows;

  /** A column of one table, and for a text column the codes that have a term. */
  private static final class Input {
    private final String term;
    private final int table;
    private final Column column;
    private final BitSet seen = new BitSet();
    private final List<Integer> codes = new ArrayList<>();

    Input(Model.Source source, List<Table> tables) {
      int index = 0;
      while (!tables.get(index).name().equals(source.dataset())) {
        index++;
      }
      term = source.term();
      table = index;
      column = Objects.requireNonNull(tables.get(index).columns().get(source.column()), "column");
    }

    boolean isText() {
      return !column.levels().isEmpty();
    }

    boolean isNull(int[] rows) {
      return column.isNull(rows[table]);
    }

    double value(int[] rows) {
      return column.value(rows[table]);
    }

    void see(int[] rows) {
      if (isText()) {
        seen.set((int) value(rows));
      }
    }

    List<Term> terms() {
      if (!isText()) {
        return List.of(new Term(term, term));
      }
      List<String> levels = column.levels();
      seen.stream().boxed().sorted(Comparator.comparing(levels::get)).skip(1).forEach(codes::add);
      return codes.stream().map(code -> new Term(term + "=" + levels.get(code), term)).toList();
    }
  }

  private Design(Input target, List<Input> inputs, boolean intercept) {
    this.target = target;
    this.inputs = List.copyOf(inputs);
    this.intercept = intercept;
  }

  static Design of(Model model, List<Table> tables, KeyJoin join) {
    Design design =
        new Design(
            new Input(model.target(), tables),
            model.features().stream().map(source -> new Input(source, tables)).toList(),
            model.intercept());
    if (design.target.isText()) {
      throw new AppException(
          "WRONG_TYPE",
          "the target '%s' holds text; expected numbers".formatted(model.target().term()),
          Map.of("column", model.target().term()));
    }
    if (design.inputs.stream().anyMatch(Input::isText)) {
      join.forEachMatch(design::see);
    }
    if (model.intercept()) {
      design.terms.add(new Term(INTERCEPT, INTERCEPT));
    }
    design.inputs.forEach(input -> design.terms.addAll(input.terms()));
    return design;
  }

  /** The intercept first, then the features in the order of the parameter. */
  List<Term> terms() {
    return List.copyOf(terms);
  }

  /** How many matches had a null in a column of the model. */
  long droppedRows() {
    return droppedRows;
  }

  /** Feeds matches to a fit. */
  KeyJoin.Match into(LeastSquares squares) {
    double[] x = new double[terms.size()];
    return rows -> {
      if (isComplete(rows)) {
        fill(x, rows);
        squares.add(x, target.value(rows));
      } else {
        droppedRows++;
      }
    };
  }

  private void see(int[] rows) {
    if (isComplete(rows)) {
      inputs.forEach(input -> input.see(rows));
    }
  }

  private boolean isComplete(int[] rows) {
    return !target.isNull(rows) && inputs.stream().noneMatch(input -> input.isNull(rows));
  }

  private void fill(double[] x, int[] rows) {
    int term = 0;
    if (intercept) {
      x[term++] = 1;
    }
    for (Input input : inputs) {
      double value = input.value(rows);
      if (!input.isText()) {
        x[term++] = value;
      }
      for (int code : input.codes) {
        x[term++] = value == code ? 1 : 0;
      }
    }
  }
}
