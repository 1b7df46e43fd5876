package io.parley.sdk;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.function.Consumer;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.ipc.ArrowFileReader;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.apache.arrow.vector.types.pojo.Schema;
import org.jspecify.annotations.Nullable;

/** A named table of the job. Its rows are read batch by batch, as often as the app likes. */
public final class Dataset {
  private final String name;
  private final Path file;
  private final BufferAllocator allocator;
  private @Nullable Schema schema;

  Dataset(String name, Path file, BufferAllocator allocator) {
    this.name = name;
    this.file = file;
    this.allocator = allocator;
  }

  public String name() {
    return name;
  }

  /** The Arrow IPC file itself. */
  public Path file() {
    return file;
  }

  /**
   * Column names and types.
   *
   * @throws AppException INVALID_DATASET when the file is no Arrow IPC file
   */
  public Schema schema() {
    if (schema != null) {
      return schema;
    }
    try (ArrowReader reader = open()) {
      Schema read = reader.getVectorSchemaRoot().getSchema();
      schema = read;
      return read;
    } catch (IOException e) {
      throw unreadable();
    }
  }

  /**
   * An Arrow reader at the first batch: {@code while (reader.loadNextBatch()) use
   * reader.getVectorSchemaRoot()}. Close it. It allocates from the job's allocator.
   *
   * @throws AppException INVALID_DATASET when the file cannot be opened
   */
  public ArrowReader open() {
    try {
      SeekableByteChannel channel = FileChannel.open(file, StandardOpenOption.READ);
      return new ArrowFileReader(channel, allocator);
    } catch (IOException e) {
      throw unreadable();
    }
  }

  /**
   * Calls {@code action} for each row in order, with the same {@link Row} moved forward.
   *
   * @throws AppException INVALID_DATASET when the file is broken
   */
  public void forEachRow(Consumer<Row> action) {
    try (ArrowReader reader = open()) {
      Row row = new Row(reader.getVectorSchemaRoot());
      while (reader.loadNextBatch()) {
        int rows = reader.getVectorSchemaRoot().getRowCount();
        for (int i = 0; i < rows; i++) {
          row.moveTo(i);
          action.accept(row);
        }
      }
    } catch (IOException e) {
      throw unreadable();
    }
  }

  private AppException unreadable() {
    return new AppException(
        "INVALID_DATASET",
        "dataset '%s' cannot be read as an Arrow IPC file".formatted(name),
        Map.of("dataset", name));
  }

  @Override
  public String toString() {
    return "dataset " + name;
  }
}
