package io.parley.shim.arrow;

import java.nio.ByteBuffer;

/** Takes bytes in order. Not thread-safe. */
@FunctionalInterface
public interface ByteSink {
  /** Takes all that remains of {@code bytes}; blocks until it has. */
  void write(ByteBuffer bytes);
}
