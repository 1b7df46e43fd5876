package io.parley.peer.datasets;

import com.google.protobuf.ByteString;
import io.parley.agreement.Column;
import io.parley.wire.EnvironmentException;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Tables that are small enough to be held in memory, checked as datasets are: every problem has its
 * file, line and column.
 */
public final class SmallTables {
  /** More than fits a verification set in any format. */
  static final long FILE_BYTES_MAX = 16L << 20;

  /** A table as an Arrow IPC file. */
  public record Arrow(long rows, ByteString file) {}

  /**
   * A CSV file as text.
   *
   * @param rows cells in the order of the header; null where the field is empty, or {@code ""}
   */
  public record Text(List<String> header, List<List<@Nullable String>> rows) {}

  private SmallTables() {}

  /**
   * A CSV or Parquet file with exactly these columns kept.
   *
   * @param temporary a private folder
   * @throws RefusedException INVALID_DATASET, SIZE_LIMIT
   */
  public static Arrow arrow(Path file, List<Column> columns, Path temporary) {
    requireSmall(file);
    DatasetImport.Format format =
        file.toString().toLowerCase(Locale.ROOT).endsWith(".parquet")
            ? DatasetImport.Format.PARQUET
            : DatasetImport.Format.CSV;
    Path target = temporary.resolve("table.arrow");
    try {
      long rows =
          new DatasetImport(format, file, file.toString(), temporary)
              .into(target, columns, new byte[0])
              .rows();
      return new Arrow(rows, ByteString.copyFrom(Files.readAllBytes(target)));
    } catch (IOException e) {
      throw unreadable(file, e);
    } finally {
      ArrowOutput.deleteQuietly(target);
    }
  }

  /**
   * A CSV file with whatever columns it has.
   *
   * @throws RefusedException INVALID_DATASET, SIZE_LIMIT
   */
  public static Text text(Path file) {
    requireSmall(file);
    try (InputStream in = Files.newInputStream(file);
        CsvRecords reader = new CsvRecords(in)) {
      if (!reader.next(false)) {
        throw new DatasetProblem(1, "", "the file is empty; expected a header with column names");
      }
      CsvHeader header = CsvHeader.of(reader);
      List<List<@Nullable String>> rows = new ArrayList<>();
      while (reader.next(header.names().size() == 1)) {
        if (reader.fields() != header.names().size()) {
          throw new DatasetProblem(
              reader.line(),
              "",
              "expected %d fields, as the header has, came %d"
                  .formatted(header.names().size(), reader.fields()));
        }
        List<@Nullable String> row = new ArrayList<>();
        for (int i = 0; i < header.names().size(); i++) {
          row.add(reader.isNull(i) ? null : utf8(reader, i, header.names().get(i)));
        }
        rows.add(row);
      }
      return new Text(header.names(), rows);
    } catch (DatasetProblem e) {
      throw new RefusedException(
          Reason.INVALID_DATASET,
          "%s, line %d%s: %s"
              .formatted(
                  file,
                  e.line(),
                  e.column().isEmpty() ? "" : ", column '%s'".formatted(e.column()),
                  e.getMessage()),
          Map.of("file", file.toString(), "line", Long.toString(e.line())),
          e);
    } catch (IOException e) {
      throw unreadable(file, e);
    }
  }

  private static String utf8(CsvRecords reader, int field, String column) {
    try {
      return Values.text(reader.bytes(), reader.start(field), reader.end(field));
    } catch (IllegalArgumentException e) {
      throw new DatasetProblem(reader.line(), column, String.valueOf(e.getMessage()));
    }
  }

  private static void requireSmall(Path file) {
    try {
      long size = Files.size(file);
      if (size > FILE_BYTES_MAX) {
        throw new RefusedException(
            Reason.SIZE_LIMIT,
            "%s has %d bytes, at most %d; verification data is a few rows"
                .formatted(file, size, FILE_BYTES_MAX),
            Map.of("file", file.toString(), "limit", Long.toString(FILE_BYTES_MAX)));
      }
    } catch (IOException e) {
      throw unreadable(file, e);
    }
  }

  private static EnvironmentException unreadable(Path file, IOException e) {
    return new EnvironmentException(
        Reason.IO_FAILED,
        "cannot read %s: %s".formatted(file, e.getMessage()),
        Map.of("file", file.toString()),
        e);
  }
}
