package io.parley.peer.cli.output;

import io.parley.peer.cli.output.RowWriter.Column;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Rows of an RFC 4180 file with a header; every value is text, an unquoted empty field is null. */
final class CsvRows {
  private static final int RECORD_CHARS_MAX = 64 << 20;

  private final Reader in;
  private int next;

  private CsvRows(InputStream file) throws IOException {
    this.in = new BufferedReader(new InputStreamReader(file, StandardCharsets.UTF_8));
    this.next = in.read();
  }

  static void copy(InputStream file, RowWriter writer) throws IOException {
    CsvRows csv = new CsvRows(file);
    List<@Nullable String> header = csv.next < 0 ? List.of() : csv.record();
    writer.begin(header.stream().map(h -> Column.text(h == null ? "" : h)).toList());
    for (long line = 2; csv.next >= 0; line++) {
      List<@Nullable String> cells = csv.record();
      if (cells.size() != header.size()) {
        throw new RefusedException(
            Reason.INVALID_RESULT,
            "record %d of the result has %d fields; expected %d"
                .formatted(line, cells.size(), header.size()));
      }
      writer.row(cells);
    }
  }

  private List<@Nullable String> record() throws IOException {
    List<@Nullable String> fields = new ArrayList<>();
    while (true) {
      fields.add(next == '"' ? quoted() : bare());
      if (next != ',') {
        break;
      }
      next = in.read();
    }
    if (next == '\r') {
      next = in.read();
    }
    if (next == '\n') {
      next = in.read();
    }
    return fields;
  }

  private String quoted() throws IOException {
    StringBuilder field = new StringBuilder();
    next = in.read();
    while (next >= 0) {
      if (next == '"') {
        next = in.read();
        if (next != '"') {
          return field.toString();
        }
      }
      field.append((char) next);
      check(field);
      next = in.read();
    }
    throw new RefusedException(Reason.INVALID_RESULT, "the result ends inside a quoted field");
  }

  private @Nullable String bare() throws IOException {
    StringBuilder field = new StringBuilder();
    while (next >= 0 && next != ',' && next != '\r' && next != '\n') {
      field.append((char) next);
      check(field);
      next = in.read();
    }
    return field.isEmpty() ? null : field.toString();
  }

  private static void check(StringBuilder field) {
    if (field.length() > RECORD_CHARS_MAX) {
      throw new RefusedException(
          Reason.SIZE_LIMIT, "a field of the result is longer than " + RECORD_CHARS_MAX);
    }
  }
}
