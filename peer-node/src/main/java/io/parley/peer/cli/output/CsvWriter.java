package io.parley.peer.cli.output;

import java.io.PrintStream;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * RFC 4180: comma, CRLF, quotes where needed. A null is an empty field, an empty text is {@code
 * ""}, so that the two can be told apart.
 */
final class CsvWriter implements RowWriter {
  private final PrintStream out;

  CsvWriter(PrintStream out) {
    this.out = out;
  }

  @Override
  public void begin(List<Column> columns) {
    row(columns.stream().map(Column::name).toList());
  }

  @Override
  public void row(List<? extends @Nullable Object> cells) {
    out.print(cells.stream().map(CsvWriter::field).collect(Collectors.joining(",")));
    out.print("\r\n");
  }

  @Override
  public void close() {
    out.flush();
  }

  private static String field(@Nullable Object cell) {
    if (cell == null) {
      return "";
    }
    String text = Cells.text(cell);
    boolean quoted =
        text.isEmpty()
            || text.chars().anyMatch(c -> c == ',' || c == '"' || c == '\r' || c == '\n');
    return quoted ? '"' + text.replace("\"", "\"\"") + '"' : text;
  }
}
