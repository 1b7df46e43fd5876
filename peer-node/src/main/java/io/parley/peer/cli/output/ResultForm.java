package io.parley.peer.cli.output;

import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.util.Locale;

/** What an opened result is written as. */
public enum ResultForm {
  TABLE,
  JSON,
  CSV,
  /** The Arrow IPC file, byte by byte; only where the app wrote one. */
  ARROW;

  public static ResultForm of(OutputFormat format) {
    return switch (format) {
      case TABLE -> TABLE;
      case JSON -> JSON;
      case CSV -> CSV;
    };
  }

  /**
   * Writes a result.
   *
   * @param format what the app wrote: arrow, csv or json
   * @throws io.parley.wire.RefusedException INVALID_RESULT when it is not what it says, or cannot
   *     be written in this form
   */
  public void write(InputStream result, String format, PrintStream out) throws IOException {
    if (name().toLowerCase(Locale.ROOT).equals(format)) {
      result.transferTo(out);
      out.flush();
      return;
    }
    OutputFormat rows =
        switch (this) {
          case TABLE -> OutputFormat.TABLE;
          case JSON -> OutputFormat.JSON;
          case CSV -> OutputFormat.CSV;
          case ARROW -> throw unknown("the result is " + format + "; it has no Arrow form");
        };
    try (RowWriter writer = rows.writer(out)) {
      switch (format) {
        case "arrow" -> ArrowRows.copy(result, writer);
        case "csv" -> CsvRows.copy(result, writer);
        case "json" -> JsonRows.copy(result, writer);
        default -> throw unknown("the result's format '" + format + "' is not known");
      }
    }
  }

  private static io.parley.wire.RefusedException unknown(String message) {
    return new io.parley.wire.RefusedException(io.parley.wire.Reason.INVALID_RESULT, message);
  }
}
