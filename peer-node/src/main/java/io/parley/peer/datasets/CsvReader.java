package io.parley.peer.datasets;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Reads CSV as RFC 4180 writes it, record by record, in constant memory: fields may be quoted, then
 * hold delimiters, line ends and doubled quotes; lines end in LF or CRLF; a UTF-8 byte order mark
 * is skipped. Anything looser is an error with its line, never a guess.
 *
 * <p>The fields of a record stay valid until the next one is read. Not thread-safe.
 */
final class CsvReader {
  static final int RECORD_BYTES_MAX = 16 << 20;
  static final int FIELDS_MAX = 4096;

  private static final int BUFFER_BYTES = 256 << 10;
  private static final int END = -1;

  private final InputStream in;
  private final byte[] buffer = new byte[BUFFER_BYTES];
  private int position;
  private int limit;

  private byte[] record = new byte[8 << 10];
  private int length;
  private int[] ends = new int[64];
  private boolean[] quoted = new boolean[64];
  private int fields;
  private byte delimiter = ',';
  private long line = 1;
  private long recordLine = 1;

  CsvReader(InputStream in) throws IOException {
    this.in = in;
    skipByteOrderMark();
  }

  void delimiter(byte value) {
    delimiter = value;
  }

  /** The delimiter that the first line has most of, outside quotes; a comma when none. */
  byte guessDelimiter() throws IOException {
    if (position == limit) {
      fill();
    }
    byte[] candidates = {',', ';', '\t', '|'};
    int[] counts = new int[candidates.length];
    boolean inQuotes = false;
    for (int i = position; i < limit; i++) {
      byte b = buffer[i];
      inQuotes ^= b == '"';
      if (!inQuotes && (b == '\n' || b == '\r')) {
        break;
      }
      for (int c = 0; !inQuotes && c < candidates.length; c++) {
        counts[c] += b == candidates[c] ? 1 : 0;
      }
    }
    int best = 0;
    for (int c = 1; c < candidates.length; c++) {
      best = counts[c] > counts[best] ? c : best;
    }
    return candidates[best];
  }

  /**
   * Reads the next record; empty lines are skipped unless {@code keepEmptyLines}.
   *
   * @return false at the end of the file
   * @throws DatasetProblem when the file is not CSV here
   */
  boolean next(boolean keepEmptyLines) throws IOException {
    while (true) {
      length = 0;
      fields = 0;
      recordLine = line;
      int b = read();
      if (b == END) {
        return false;
      }
      if (b == '\n' || b == '\r') {
        endOfLine(b);
        if (keepEmptyLines) {
          endField(false);
          return true;
        }
        continue;
      }
      readFields(b);
      return true;
    }
  }

  private void readFields(int first) throws IOException {
    int b = first;
    while (true) {
      b = b == '"' ? quotedField() : plainField(b);
      if (b != delimiter) {
        endOfLine(b);
        return;
      }
      b = read();
      if (b == END || b == '\n' || b == '\r') {
        endField(false);
        endOfLine(b);
        return;
      }
    }
  }

  /** Reads up to the delimiter or the line's end, and answers with that byte. */
  private int plainField(int first) throws IOException {
    int b = first;
    while (b != delimiter && b != '\n' && b != '\r' && b != END) {
      if (b == '"') {
        throw new DatasetProblem(
            line, "", "a quote inside a field that is not quoted; expected \"...\"\"...\"");
      }
      append((byte) b);
      b = read();
    }
    endField(false);
    return b;
  }

  private int quotedField() throws IOException {
    while (true) {
      int b = read();
      if (b == END) {
        throw new DatasetProblem(
            recordLine, "", "a quoted field is not closed before the file ends");
      }
      if (b == '"') {
        b = read();
        if (b != '"') {
          if (b != delimiter && b != '\n' && b != '\r' && b != END) {
            throw new DatasetProblem(
                line, "", "text after a closing quote; expected a delimiter or the line's end");
          }
          endField(true);
          return b;
        }
      } else if (b == '\n') {
        line++;
      }
      append((byte) b);
    }
  }

  private void endOfLine(int b) throws IOException {
    if (b == '\r') {
      int next = read();
      if (next != '\n' && next != END) {
        position--;
      }
    }
    line++;
  }

  private void endField(boolean wasQuoted) {
    if (fields == FIELDS_MAX) {
      throw new DatasetProblem(recordLine, "", "more than %d fields".formatted(FIELDS_MAX));
    }
    if (fields == ends.length) {
      ends = Arrays.copyOf(ends, ends.length * 2);
      quoted = Arrays.copyOf(quoted, quoted.length * 2);
    }
    ends[fields] = length;
    quoted[fields++] = wasQuoted;
  }

  private void append(byte b) {
    if (length == record.length) {
      if (length >= RECORD_BYTES_MAX) {
        throw new DatasetProblem(
            recordLine,
            "",
            "a record is longer than %d bytes; is a quote not closed?".formatted(RECORD_BYTES_MAX));
      }
      record = Arrays.copyOf(record, length * 2);
    }
    record[length++] = b;
  }

  private int read() throws IOException {
    if (position == limit && !fill()) {
      return END;
    }
    return buffer[position++] & 0xff;
  }

  private boolean fill() throws IOException {
    position = 0;
    limit = Math.max(0, in.readNBytes(buffer, 0, buffer.length));
    return limit > 0;
  }

  private void skipByteOrderMark() throws IOException {
    if (!fill()) {
      return;
    }
    if (limit >= 2
        && ((buffer[0] & 0xff) ^ (buffer[1] & 0xff)) == 1
        && (buffer[0] & 0xff) >= 0xfe) {
      throw new DatasetProblem(1, "", "the file is UTF-16; expected UTF-8");
    }
    if (limit >= 3
        && (buffer[0] & 0xff) == 0xef
        && (buffer[1] & 0xff) == 0xbb
        && (buffer[2] & 0xff) == 0xbf) {
      position = 3;
    }
  }

  int fields() {
    return fields;
  }

  /** The line on which the record starts, counting from 1. */
  long line() {
    return recordLine;
  }

  /** Holds the fields' bytes. */
  byte[] bytes() {
    return record;
  }

  int start(int field) {
    return field == 0 ? 0 : ends[field - 1];
  }

  int end(int field) {
    return ends[field];
  }

  /** No value: nothing between the delimiters. {@code ""} is an empty text instead. */
  boolean isNull(int field) {
    return !quoted[field] && start(field) == ends[field];
  }

  String text(int field) {
    return new String(record, start(field), ends[field] - start(field), StandardCharsets.UTF_8);
  }
}
