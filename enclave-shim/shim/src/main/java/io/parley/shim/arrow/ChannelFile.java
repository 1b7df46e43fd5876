package io.parley.shim.arrow;

import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;

/**
 * An open file of this enclave. Closing it is its opener's part.
 *
 * <p>Reading throws UncheckedIOException.
 */
public record ChannelFile(FileChannel channel, long sizeBytes) implements ByteFile {
  @Override
  public void readFully(long position, ByteBuffer into) {
    try {
      long at = position;
      while (into.hasRemaining()) {
        int count = channel.read(into, at);
        if (count < 0) {
          throw new EOFException("the file ended early");
        }
        at += count;
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
