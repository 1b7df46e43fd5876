package io.parley.shim.arrow;

import java.nio.ByteBuffer;

/** A file of known size that is read by position. Its content may change under the reader. */
public interface ByteFile {
  /** The size that was announced. */
  long sizeBytes();

  /** Fills {@code into} to its limit from {@code position}; fails when the file is shorter. */
  void readFully(long position, ByteBuffer into);
}
