package io.parley.peer.datasets;

import de.siegmar.fastcsv.reader.AbstractBaseCsvCallbackHandler;
import de.siegmar.fastcsv.reader.CloseableIterator;
import de.siegmar.fastcsv.reader.CsvParseException;
import de.siegmar.fastcsv.reader.CsvReader;
import de.siegmar.fastcsv.reader.FieldMismatchStrategy;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * The records of a CSV file, one after the other, in constant memory, by FastCSV: RFC 4180, with
 * {@code , ; tab} or {@code |} between fields, LF, CRLF or CR after records, and a UTF-8 byte order
 * mark skipped. What follows a closing quote, and a quote that is never closed, are errors.
 *
 * <p>Bytes go through as they are (every byte is one Latin-1 character to FastCSV, and what CSV is
 * made of is ASCII), so that text which is no UTF-8 is found with its line and column.
 *
 * <p>The fields of a record stay valid until the next one is read. Not thread-safe.
 */
final class CsvRecords implements AutoCloseable {
  static final int RECORD_BYTES_MAX = 16 << 20;
  static final int FIELDS_MAX = 4096;

  private static final int HEAD_BYTES_MAX = 256 << 10;
  private static final byte[] BYTE_ORDER_MARK = {(byte) 0xef, (byte) 0xbb, (byte) 0xbf};

  private final Fields fields = new Fields();
  private final CloseableIterator<Fields> records;

  CsvRecords(InputStream file) throws IOException {
    BufferedInputStream in = new BufferedInputStream(file, HEAD_BYTES_MAX);
    in.mark(HEAD_BYTES_MAX);
    byte[] head = in.readNBytes(HEAD_BYTES_MAX);
    refuseUtf16(head);
    in.reset();
    if (Arrays.mismatch(head, BYTE_ORDER_MARK) >= BYTE_ORDER_MARK.length
        || Arrays.equals(head, BYTE_ORDER_MARK)) {
      in.skipNBytes(BYTE_ORDER_MARK.length);
    }
    records =
        CsvReader.builder()
            .fieldSeparator(delimiter(head))
            .skipEmptyLines(false)
            .extraFieldStrategy(FieldMismatchStrategy.IGNORE)
            .missingFieldStrategy(FieldMismatchStrategy.IGNORE)
            .allowExtraCharsAfterClosingQuote(false)
            .allowUnclosedQuote(false)
            .maxBufferSize(RECORD_BYTES_MAX)
            .build(fields, in, StandardCharsets.ISO_8859_1)
            .iterator();
  }

  private static void refuseUtf16(byte[] head) {
    if (head.length >= 2
        && ((head[0] & 0xff) ^ (head[1] & 0xff)) == 1
        && (head[0] & 0xff) >= 0xfe) {
      throw new DatasetProblem(1, "", "the file is UTF-16; expected UTF-8");
    }
  }

  /** What the first line has most of, outside quotes; a comma when there is none. */
  private static char delimiter(byte[] head) {
    char[] candidates = {',', ';', '\t', '|'};
    int[] counts = new int[candidates.length];
    boolean inQuotes = false;
    for (byte b : head) {
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
    try {
      while (records.hasNext()) {
        Fields read = records.next();
        if (keepEmptyLines || !read.emptyLine) {
          return true;
        }
      }
      return false;
    } catch (CsvParseException e) {
      throw refused(e);
    } catch (UncheckedIOException e) {
      throw e.getCause() == null ? new IOException(e) : e.getCause();
    }
  }

  private RuntimeException refused(CsvParseException e) {
    for (Throwable cause = e; cause != null; cause = cause.getCause()) {
      if (cause instanceof DatasetProblem own) {
        return own;
      }
    }
    return new DatasetProblem(line(), "", "not CSV: " + e.getMessage());
  }

  int fields() {
    return fields.count;
  }

  /** The line on which the record starts, counting from 1. */
  long line() {
    return fields.line;
  }

  /** Holds the fields' bytes. */
  byte[] bytes() {
    return fields.record;
  }

  int start(int field) {
    return field == 0 ? 0 : fields.ends[field - 1];
  }

  int end(int field) {
    return fields.ends[field];
  }

  /** No value: nothing between the delimiters, or {@code ""}, as DuckDB has it. */
  boolean isNull(int field) {
    return start(field) == end(field);
  }

  String text(int field) {
    return Values.text(bytes(), start(field), end(field));
  }

  @Override
  public void close() throws IOException {
    records.close();
  }

  /** One record's bytes; the same object for every record. */
  private static final class Fields extends AbstractBaseCsvCallbackHandler<Fields> {
    private byte[] record = new byte[8 << 10];
    private int length;
    private int[] ends = new int[64];
    private int count;
    private long line = 1;
    private boolean emptyLine;

    @Override
    protected void handleBegin(long startingLine) {
      line = startingLine;
      length = 0;
      count = 0;
      emptyLine = false;
    }

    @Override
    protected void handleEmpty() {
      emptyLine = true;
      end();
    }

    @Override
    protected void handleField(int index, char[] text, int offset, int size, boolean quoted) {
      int needed = Math.addExact(length, size);
      if (needed > RECORD_BYTES_MAX) {
        throw new DatasetProblem(
            line,
            "",
            "a record is longer than %d bytes; is a quote not closed?".formatted(RECORD_BYTES_MAX));
      }
      if (needed > record.length) {
        record = Arrays.copyOf(record, Math.max(needed, record.length * 2));
      }
      for (int i = offset; i < offset + size; i++) {
        record[length++] = (byte) text[i];
      }
      end();
    }

    private void end() {
      if (count == FIELDS_MAX) {
        throw new DatasetProblem(line, "", "more than %d fields".formatted(FIELDS_MAX));
      }
      if (count == ends.length) {
        ends = Arrays.copyOf(ends, ends.length * 2);
      }
      ends[count++] = length;
    }

    @Override
    protected Fields buildRecord() {
      return this;
    }
  }
}
