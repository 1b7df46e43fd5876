package io.parley.peer.cli.output;

import java.io.PrintStream;

/** The forms that rows can be written in. */
public enum OutputFormat {
  /** Aligned columns; for people, no promise about the layout. */
  TABLE,
  /** One array of objects. */
  JSON,
  /** RFC 4180 with a header line. */
  CSV;

  /** A writer of this form; the caller closes it, which does not close the stream. */
  public RowWriter writer(PrintStream out) {
    return switch (this) {
      case TABLE -> new TableWriter(out, "NULL");
      case JSON -> new JsonWriter(out);
      case CSV -> new CsvWriter(out);
    };
  }
}
