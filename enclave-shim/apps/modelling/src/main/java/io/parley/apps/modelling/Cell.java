package io.parley.apps.modelling;

import java.util.List;
import java.util.Objects;

/** One column of a frame, read at the rows of a match. */
public final class Cell {
  private final int table;
  private final Column column;

  private Cell(int table, Column column) {
    this.table = table;
    this.column = column;
  }

  /** The column of this source, which the frame must have been read with. */
  public static Cell of(Frame frame, Source source) {
    List<Table> tables = frame.tables();
    int index = 0;
    while (!tables.get(index).name().equals(source.dataset())) {
      index++;
    }
    return new Cell(
        index, Objects.requireNonNull(tables.get(index).columns().get(source.column()), "column"));
  }

  /** Whether it holds texts. */
  public boolean isText() {
    return !levels().isEmpty();
  }

  /** Distinct texts in the order they came; empty when the column holds numbers. */
  List<String> levels() {
    return column.levels();
  }

  /** Whether there is no value. */
  public boolean isNull(int[] rows) {
    return column.isNull(rows[table]);
  }

  /** The number, or a number that stands for the text. */
  public double number(int[] rows) {
    return column.value(rows[table]);
  }

  /** The text; a number as it is written, without a fraction where it has none. */
  public String text(int[] rows) {
    double number = number(rows);
    if (isText()) {
      return levels().get((int) number);
    }
    return number == Math.rint(number) && Math.abs(number) < 1e15
        ? Long.toString((long) number)
        : Double.toString(number);
  }
}
