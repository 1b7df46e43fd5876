package io.parley.apps.modelling;

import io.parley.sdk.AppException;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.List;
import java.util.Map;

/**
 * Turns matches of rows into rows of the model: the target, one number per term, and extra columns
 * that are no terms. A text column becomes one 0/1 term per distinct text among the matches but the
 * first in text order, called {@code column=text}; as an extra it stays one number per text.
 *
 * <p>A match with a null in any of these columns is left out. Not thread-safe.
 */
public final class Design {
  /** The name of the term that is 1 everywhere. */
  public static final String INTERCEPT = "(intercept)";

  private final Frame frame;
  private final Input target;
  private final List<Input> inputs;
  private final List<Input> extras;
  private final boolean intercept;
  private final List<Term> terms = new ArrayList<>();
  private long droppedRows;

  /** A column of the model, and for a text column the codes that have a term. */
  private static final class Input {
    private final String term;
    private final Cell cell;
    private final BitSet seen = new BitSet();
    private final List<Integer> codes = new ArrayList<>();

    Input(Source source, Frame frame) {
      term = source.term();
      cell = Cell.of(frame, source);
    }

    boolean isText() {
      return cell.isText();
    }

    boolean isNull(int[] rows) {
      return cell.isNull(rows);
    }

    double value(int[] rows) {
      return cell.number(rows);
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
      List<String> levels = cell.levels();
      seen.stream().boxed().sorted(Comparator.comparing(levels::get)).skip(1).forEach(codes::add);
      return codes.stream().map(code -> new Term(term + "=" + levels.get(code), term)).toList();
    }
  }

  private Design(
      Frame frame, Source target, List<Source> features, List<Source> extras, boolean intercept) {
    this.frame = frame;
    this.target = new Input(target, frame);
    this.inputs = features.stream().map(source -> new Input(source, frame)).toList();
    this.extras = extras.stream().map(source -> new Input(source, frame)).toList();
    this.intercept = intercept;
  }

  /**
   * @param extras columns whose numbers go along with each row
   * @throws AppException WRONG_TYPE when the target holds text
   */
  public static Design of(
      Frame frame, Source target, List<Source> features, List<Source> extras, boolean intercept) {
    Design design = new Design(frame, target, features, extras, intercept);
    if (design.target.isText()) {
      throw new AppException(
          "WRONG_TYPE",
          "the target '%s' holds text; expected numbers".formatted(target.term()),
          Map.of("column", target.term()));
    }
    if (design.inputs.stream().anyMatch(Input::isText)) {
      frame.forEachMatch(design::see);
    }
    if (intercept) {
      design.terms.add(new Term(INTERCEPT, INTERCEPT));
    }
    design.inputs.forEach(input -> design.terms.addAll(input.terms()));
    return design;
  }

  /** The intercept first, then the features in their order. */
  public List<Term> terms() {
    return List.copyOf(terms);
  }

  /** Gives every row; in the same order each time. */
  public void forEachRow(RowSink sink) {
    double[] x = new double[terms.size()];
    double[] more = new double[extras.size()];
    droppedRows = 0;
    frame.forEachMatch(rows -> {
      if (isComplete(rows)) {
        fill(x, rows);
        for (int i = 0; i < more.length; i++) {
          more[i] = extras.get(i).value(rows);
        }
        sink.add(x, target.value(rows), more);
      } else {
        droppedRows++;
      }
    });
  }

  /** How many matches the last pass left out, for a null in a column of the model. */
  public long droppedRows() {
    return droppedRows;
  }

  private void see(int[] rows) {
    if (isComplete(rows)) {
      inputs.forEach(input -> input.see(rows));
    }
  }

  private boolean isComplete(int[] rows) {
    return !target.isNull(rows)
        && inputs.stream().noneMatch(input -> input.isNull(rows))
        && extras.stream().noneMatch(input -> input.isNull(rows));
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
