package io.parley.sdk;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ipc.ArrowFileWriter;

/** A result in Arrow's file format. Complete only after {@link #close}. */
public final class ArrowResult implements AutoCloseable {
  private final FileChannel channel;
  private final ArrowFileWriter writer;

  ArrowResult(Path file, VectorSchemaRoot root) throws IOException {
    channel = FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    writer = new ArrowFileWriter(root, null, channel);
    writer.start();
  }

  /** Appends what the root holds now. */
  public void writeBatch() throws IOException {
    writer.writeBatch();
  }

  /** Writes the footer. The root stays open; it is the caller's. */
  @Override
  public void close() throws IOException {
    try (channel) {
      writer.end();
    }
  }
}
