package io.parley.shim.exchange;

import io.parley.link.Descriptor;
import io.parley.shim.arrow.ByteFile;
import io.parley.wire.EnvironmentException;
import io.parley.wire.Reason;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Map;

/** A file that the host opened. */
record DescriptorFile(Descriptor descriptor, long sizeBytes, String dataset) implements ByteFile {
  @Override
  public void readFully(long position, ByteBuffer into) {
    long at = position;
    try {
      while (into.hasRemaining()) {
        int count = descriptor.readAt(into, at);
        if (count < 0) {
          throw new EOFException("the file is shorter than its %d bytes".formatted(sizeBytes));
        }
        at += count;
      }
    } catch (IOException e) {
      throw new EnvironmentException(
          Reason.IO_FAILED,
          "dataset '%s' can't be read: %s".formatted(dataset, e.getMessage()),
          Map.of("dataset", dataset),
          e);
    }
  }
}
