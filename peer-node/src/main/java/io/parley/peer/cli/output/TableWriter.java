package io.parley.peer.cli.output;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Aligned columns. The widths come from the first {@value #SAMPLE_ROWS} rows, so that a result of
 * any length is written in constant memory; a longer value further down pushes its line out.
 */
final class TableWriter implements RowWriter {
  static final int SAMPLE_ROWS = 1000;
  private static final String GAP = "  ";

  private final PrintStream out;
  private final String nullText;
  private final List<List<String>> sample = new ArrayList<>();
  private List<Column> columns = List.of();
  private int[] widths = {};
  private boolean started;

  TableWriter(PrintStream out, String nullText) {
    this.out = out;
    this.nullText = nullText;
  }

  @Override
  public void begin(List<Column> columns) {
    this.columns = List.copyOf(columns);
  }

  @Override
  public void row(List<? extends @Nullable Object> cells) {
    List<String> texts = new ArrayList<>(cells.size());
    for (Object cell : cells) {
      texts.add(cell == null ? nullText : Cells.visible(Cells.text(cell)));
    }
    if (started) {
      line(texts);
    } else {
      sample.add(texts);
      if (sample.size() == SAMPLE_ROWS) {
        start();
      }
    }
  }

  @Override
  public void close() {
    if (!started) {
      start();
    }
    out.flush();
  }

  private void start() {
    started = true;
    List<String> names = columns.stream().map(c -> Cells.visible(c.name())).toList();
    widths = new int[columns.size()];
    for (int i = 0; i < widths.length; i++) {
      widths[i] = Cells.width(names.get(i));
      for (List<String> row : sample) {
        widths[i] = Math.max(widths[i], Cells.width(row.get(i)));
      }
    }
    line(names);
    List<String> rules = new ArrayList<>();
    for (int width : widths) {
      rules.add("-".repeat(width));
    }
    line(rules);
    sample.forEach(this::line);
    sample.clear();
  }

  private void line(List<String> cells) {
    StringBuilder line = new StringBuilder();
    for (int i = 0; i < cells.size(); i++) {
      String cell = cells.get(i);
      String pad = " ".repeat(Math.max(0, widths[i] - Cells.width(cell)));
      line.append(i == 0 ? "" : GAP);
      line.append(columns.get(i).number() ? pad + cell : cell + pad);
    }
    out.println(line.toString().stripTrailing());
  }
}
