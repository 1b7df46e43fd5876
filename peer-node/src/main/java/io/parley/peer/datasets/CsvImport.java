package io.parley.peer.datasets;

import io.parley.agreement.Column;
import io.parley.agreement.ColumnType;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.arrow.vector.FieldVector;

/**
 * Reads a CSV file into Arrow batches with given columns, or finds columns that fit all of its
 * values. One pass each, constant memory. Every error has its line and column.
 */
final class CsvImport {

  private final Path file;

  CsvImport(Path file) {
    this.file = file;
  }

  /** The narrowest of BOOLEAN, BIGINT, DOUBLE, DATE, TIMESTAMP, else VARCHAR, per column. */
  List<Column> infer() throws IOException {
    try (InputStream in = Files.newInputStream(file);
        CsvRecords reader = new CsvRecords(in)) {
      CsvHeader header = header(reader);
      List<Guess> guesses = header.names().stream().map(name -> new Guess()).toList();
      while (reader.next(header.names().size() == 1)) {
        requireFields(reader, header);
        for (int i = 0; i < guesses.size(); i++) {
          if (!reader.isNull(i)) {
            guesses.get(i).see(Values.text(reader.bytes(), reader.start(i), reader.end(i)));
          }
        }
      }
      List<Column> columns = new ArrayList<>();
      for (int i = 0; i < guesses.size(); i++) {
        columns.add(new Column(header.names().get(i), guesses.get(i).type(), true));
      }
      return columns;
    }
  }

  /** Reads all rows into {@code out}. */
  void read(List<Column> columns, ArrowOutput out) throws IOException {
    try (InputStream in = Files.newInputStream(file);
        CsvRecords reader = new CsvRecords(in)) {
      CsvHeader header = header(reader);
      int[] places = header.places(columns);
      Cells.Writer[] writers = new Cells.Writer[places.length];
      for (int i = 0; i < places.length; i++) {
        writers[i] = Cells.writer(columns.get(i).type(), out.vector(i));
      }
      int rowsMax = ArrowOutput.batchRows(columns);
      int row = 0;
      long bytes = 0;
      while (reader.next(header.names().size() == 1)) {
        requireFields(reader, header);
        for (int i = 0; i < places.length; i++) {
          write(reader, places[i], columns.get(i), writers[i], row, out.vector(i));
        }
        bytes += reader.end(reader.fields() - 1);
        row++;
        if (row == rowsMax || bytes > ArrowOutput.BATCH_BYTES_GOOD) {
          out.writeBatch(row);
          row = 0;
          bytes = 0;
        }
      }
      out.writeBatch(row);
    }
  }

  private static void write(
      CsvRecords reader,
      int field,
      Column column,
      Cells.Writer writer,
      int row,
      FieldVector vector) {
    if (reader.isNull(field)) {
      if (!column.nullable()) {
        throw new DatasetProblem(
            reader.line(),
            column.name(),
            "expected %s, came nothing (the column is NOT NULL)".formatted(column.type().sql()));
      }
      if (row >= vector.getValueCapacity()) {
        vector.reAlloc();
      }
      vector.setNull(row);
      return;
    }
    try {
      writer.write(row, reader.bytes(), reader.start(field), reader.end(field));
    } catch (IllegalArgumentException e) {
      throw new DatasetProblem(
          reader.line(), column.name(), "%s: %s".formatted(column.type().sql(), e.getMessage()));
    }
  }

  private static CsvHeader header(CsvRecords reader) throws IOException {
    if (!reader.next(false)) {
      throw new DatasetProblem(1, "", "the file is empty; expected a header with column names");
    }
    return CsvHeader.of(reader);
  }

  private static void requireFields(CsvRecords reader, CsvHeader header) {
    if (reader.fields() != header.names().size()) {
      throw new DatasetProblem(
          reader.line(),
          "",
          "expected %d fields, as the header has, came %d"
              .formatted(header.names().size(), reader.fields()));
    }
  }

  /** Which types all values of a column so far have fitted. */
  private static final class Guess {
    private final List<ColumnType> fitting =
        new ArrayList<>(
            List.of(
                ColumnType.BIGINT,
                ColumnType.DOUBLE,
                ColumnType.BOOLEAN,
                ColumnType.DATE,
                ColumnType.TIMESTAMP));
    private boolean seen;

    void see(String value) {
      seen = true;
      fitting.removeIf(type -> !fits(type, value));
    }

    ColumnType type() {
      return fitting.isEmpty() || !seen ? ColumnType.VARCHAR : fitting.getFirst();
    }

    private static boolean fits(ColumnType type, String value) {
      try {
        switch (type) {
          case ColumnType.Plain.BIGINT -> {
            byte[] bytes = value.getBytes(StandardCharsets.US_ASCII);
            Values.integer(bytes, 0, bytes.length, Long.MIN_VALUE, Long.MAX_VALUE);
          }
          case ColumnType.Plain.DOUBLE -> Values.floating(value);
          case ColumnType.Plain.BOOLEAN -> Values.isTrue(value);
          case ColumnType.Plain.DATE -> Values.date(value);
          default -> Values.timestamp(value);
        }
        return true;
      } catch (IllegalArgumentException e) {
        return false;
      }
    }
  }
}
