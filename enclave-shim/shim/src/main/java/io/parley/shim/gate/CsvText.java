package io.parley.shim.gate;

import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.util.ArrayList;
import java.util.List;

/** A small CSV text (RFC 4180) as records of fields. */
final class CsvText {
  private final String text;
  private final List<List<String>> records = new ArrayList<>();
  private List<String> record = new ArrayList<>();
  private int at;

  private CsvText(String text) {
    this.text = text;
  }

  /**
   * All records, the header first.
   *
   * @throws RefusedException OUTPUT_RULE
   */
  static List<List<String>> records(String text) {
    CsvText csv = new CsvText(text);
    while (csv.at < text.length()) {
      csv.field();
    }
    return csv.records;
  }

  private void field() {
    record.add(at < text.length() && text.charAt(at) == '"' ? quoted() : plain());
    if (at >= text.length()) {
      endRecord();
      return;
    }
    char end = text.charAt(at++);
    if (end == ',') {
      if (at >= text.length()) {
        record.add("");
        endRecord();
      }
      return;
    }
    if (end == '\r' && at < text.length() && text.charAt(at) == '\n') {
      at++;
    }
    endRecord();
  }

  private String plain() {
    int from = at;
    while (at < text.length() && ",\r\n".indexOf(text.charAt(at)) < 0) {
      at++;
    }
    return text.substring(from, at);
  }

  private String quoted() {
    StringBuilder field = new StringBuilder();
    for (at++; at < text.length(); at++) {
      char c = text.charAt(at);
      if (c != '"') {
        field.append(c);
      } else if (at + 1 < text.length() && text.charAt(at + 1) == '"') {
        field.append(c);
        at++;
      } else {
        at++;
        if (at < text.length() && ",\r\n".indexOf(text.charAt(at)) < 0) {
          throw new RefusedException(Reason.OUTPUT_RULE, "has text after a quoted field");
        }
        return field.toString();
      }
    }
    throw new RefusedException(Reason.OUTPUT_RULE, "has a quoted field that does not end");
  }

  private void endRecord() {
    records.add(record);
    record = new ArrayList<>();
  }
}
