package io.parley.peer.datasets;

import io.parley.agreement.Column;
import io.parley.wire.Digest;
import io.parley.wire.EnvironmentException;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.OutOfMemoryException;
import org.apache.arrow.memory.RootAllocator;

/**
 * Turns a file into an Arrow file with given columns. Stateless.
 *
 * @param file what came, as a private file
 * @param shownName what the operator calls it, for messages
 */
record DatasetImport(Format format, Path file, String shownName, Path temporary) {
  private static final long MEMORY_BYTES_MAX = 1L << 30;

  /** What a file may be. */
  enum Format {
    CSV,
    PARQUET
  }

  /** What was read. */
  record Imported(List<Column> columns, long rows, long sizeBytes, Digest commitment) {}

  /**
   * Reads all of the file, or throws and leaves nothing.
   *
   * @param wanted the columns to keep; empty: as the file has them
   * @throws RefusedException INVALID_DATASET that says file, line, column, expected and came
   */
  Imported into(Path target, List<Column> wanted, byte[] salt) {
    try {
      return read(target, wanted, salt);
    } catch (DatasetProblem e) {
      throw refused(e);
    } catch (OutOfMemoryException e) {
      throw new RefusedException(
          Reason.SIZE_LIMIT,
          "%s: a batch of rows needs more than %d bytes".formatted(shownName, MEMORY_BYTES_MAX),
          Map.of("file", shownName),
          e);
    } catch (IOException e) {
      throw new EnvironmentException(
          Reason.IO_FAILED, "cannot keep the dataset: " + e.getMessage(), Map.of(), e);
    }
  }

  private Imported read(Path target, List<Column> wanted, byte[] salt) throws IOException {
    boolean done = false;
    try (BufferAllocator allocator = new RootAllocator(MEMORY_BYTES_MAX)) {
      List<Column> columns = wanted.isEmpty() ? infer() : wanted;
      try (ArrowOutput out = new ArrowOutput(columns, target, salt, allocator)) {
        switch (format) {
          case CSV -> new CsvImport(file).read(columns, out);
          case PARQUET -> new ParquetImport(file, temporary).read(columns, out, allocator);
        }
        Digest commitment = out.finish();
        Imported imported = new Imported(columns, out.rows(), out.sizeBytes(), commitment);
        done = true;
        return imported;
      }
    } finally {
      if (!done) {
        ArrowOutput.deleteQuietly(target);
      }
    }
  }

  private List<Column> infer() throws IOException {
    return switch (format) {
      case CSV -> new CsvImport(file).infer();
      case PARQUET -> new ParquetImport(file, temporary).infer();
    };
  }

  private RefusedException refused(DatasetProblem problem) {
    Map<String, String> metadata = new LinkedHashMap<>();
    StringBuilder message = new StringBuilder(shownName);
    metadata.put("file", shownName);
    if (problem.line() > 0) {
      message.append(", line ").append(problem.line());
      metadata.put("line", Long.toString(problem.line()));
    }
    if (!problem.column().isEmpty()) {
      message.append(", column '").append(problem.column()).append('\'');
      metadata.put("column", problem.column());
    }
    message.append(": ").append(problem.getMessage());
    return new RefusedException(Reason.INVALID_DATASET, message.toString(), metadata, problem);
  }
}
