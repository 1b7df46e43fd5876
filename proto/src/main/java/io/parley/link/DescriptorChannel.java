package io.parley.link;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;

/** A blocking channel over a descriptor; direct buffers are read and written in place. */
final class DescriptorChannel implements ByteChannel {
  private final Descriptor descriptor;

  DescriptorChannel(Descriptor descriptor) {
    this.descriptor = descriptor;
  }

  @Override
  public int read(ByteBuffer into) throws IOException {
    return descriptor.read(into);
  }

  /** Writes all of it: a blocking channel has nothing better to do with a part. */
  @Override
  public int write(ByteBuffer from) throws IOException {
    int length = from.remaining();
    descriptor.writeFully(from);
    return length;
  }

  @Override
  public boolean isOpen() {
    return descriptor.isOpen();
  }

  @Override
  public void close() {
    descriptor.close();
  }
}
