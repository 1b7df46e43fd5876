package io.parley.shim.host;

import com.google.protobuf.ByteString;
import io.parley.link.Descriptor;

/**
 * One of the party's own datasets, opened by the host. Closing closes the descriptor.
 *
 * @param certificate what the host has kept of an earlier job's, of any size; empty: nothing
 */
public record DatasetHandle(
    String dataset, long sizeBytes, ByteString salt, ByteString certificate, Descriptor descriptor)
    implements AutoCloseable {
  @Override
  public void close() {
    descriptor.close();
  }
}
