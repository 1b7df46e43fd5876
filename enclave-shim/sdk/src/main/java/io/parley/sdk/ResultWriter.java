package io.parley.sdk;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.types.pojo.Schema;

/**
 * Writes one result, once, in one of the forms. What is written leaves the enclave only when the
 * app ends well and the agreement's rules for the result hold.
 */
public final class ResultWriter {
  private final String name;
  private final Path folder;
  private final BufferAllocator allocator;
  private boolean written;

  ResultWriter(String name, Path folder, BufferAllocator allocator) {
    this.name = name;
    this.folder = folder;
    this.allocator = allocator;
  }

  public String name() {
    return name;
  }

  /**
   * As an Arrow IPC file: fill {@code root}, call {@link ArrowResult#writeBatch}, repeat, close.
   */
  public ArrowResult arrow(VectorSchemaRoot root) throws IOException {
    return new ArrowResult(claim("arrow"), root);
  }

  /** As an Arrow IPC file, row by row; close it. */
  public TableResult table(Schema schema) throws IOException {
    return new TableResult(claim("arrow"), schema, allocator);
  }

  /** As JSON: maps, lists, texts, numbers, records. */
  public void json(Object value) throws IOException {
    Files.write(claim("json"), Json.bytes(value));
  }

  boolean isWritten() {
    return written;
  }

  private Path claim(String format) {
    if (written) {
      throw new AppException(
          "RESULT_WRITTEN_TWICE",
          "the app writes result '%s' a second time".formatted(name),
          Map.of("result", name));
    }
    written = true;
    return folder.resolve(name + "." + format);
  }
}
