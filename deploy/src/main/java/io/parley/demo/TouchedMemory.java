package io.parley.demo;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * A virtual machine may get its memory page by page, at the first touch, from a host that takes
 * longer over it than Parley over the data, and may give it back seconds after it was freed. What
 * is touched and freed just before a run is there in the run.
 */
final class TouchedMemory {
  private static final Path FOLDER = Path.of("/dev/shm");
  private static final int CHUNK_BYTES = 1 << 20;

  private TouchedMemory() {}

  /** Touches so much, or half of what there is room for; leaves nothing behind. */
  static void touch(long bytes) throws IOException {
    long most = Math.min(bytes, Files.getFileStore(FOLDER).getUsableSpace() / 2);
    Path file = Files.createTempFile(FOLDER, "parley-bench", null);
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.WRITE, StandardOpenOption.DELETE_ON_CLOSE)) {
      ByteBuffer chunk = ByteBuffer.allocateDirect(CHUNK_BYTES);
      for (long written = 0; written < most; ) {
        written += channel.write(chunk.clear());
      }
    }
  }
}
