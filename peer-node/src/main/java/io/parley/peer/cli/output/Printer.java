package io.parley.peer.cli.output;

import io.parley.peer.cli.output.RowWriter.Column;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Writes small answers, lists and single things, in the form that was asked for. */
public final class Printer {
  private final PrintStream out;
  private final OutputFormat format;

  public Printer(PrintStream out, OutputFormat format) {
    this.out = out;
    this.format = format;
  }

  public OutputFormat format() {
    return format;
  }

  /** A list; in a table an empty one is only its header. */
  public void list(List<Column> columns, List<? extends List<? extends @Nullable Object>> rows) {
    // Here a null means that there is nothing to say; in results it is a value.
    try (RowWriter writer =
        format == OutputFormat.TABLE ? new TableWriter(out, "") : format.writer(out)) {
      writer.begin(columns);
      rows.forEach(writer::row);
    }
  }

  /** One thing: name and value lines, a JSON object, or a CSV header and one line. */
  public void thing(Map<String, ? extends @Nullable Object> fields) {
    switch (format) {
      case TABLE -> lines(fields);
      case JSON -> JsonWriter.object(out, fields);
      case CSV -> {
        try (RowWriter writer = format.writer(out)) {
          writer.begin(fields.keySet().stream().map(Column::text).toList());
          writer.row(new ArrayList<@Nullable Object>(fields.values()));
        }
      }
    }
  }

  private void lines(Map<String, ? extends @Nullable Object> fields) {
    int width = fields.keySet().stream().mapToInt(String::length).max().orElse(0);
    fields.forEach((name, value) ->
        out.println(
            (name
                    + " ".repeat(width - name.length() + 2)
                    + (value == null ? "-" : Cells.visible(Cells.text(value))))
                .stripTrailing()));
    out.flush();
  }
}
