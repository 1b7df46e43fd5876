package io.parley.shim.arrow;

import java.nio.ByteBuffer;

/** Gives bytes in order. Not thread-safe. */
@FunctionalInterface
public interface ByteSource {
  /** Fills {@code into} to its limit; fails when there are not that many bytes left. */
  void readFully(ByteBuffer into);
}
