package io.parley.shim.host;

import com.google.protobuf.ByteString;
import io.parley.link.Descriptor;

/** One of the party's own datasets, opened by the host. Closing closes the descriptor. */
public record DatasetHandle(String dataset, long sizeBytes, ByteString salt, Descriptor descriptor)
    implements AutoCloseable {
  @Override
  public void close() {
    descriptor.close();
  }
}
