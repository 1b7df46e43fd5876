package io.parley.peer.enclaves.remote;

import com.google.protobuf.ByteString;
import io.parley.link.Descriptor;
import io.parley.link.Libc;
import io.parley.wire.EnvironmentException;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.Map;

/**
 * A file without a name, in memory (memfd_create(2)): it is gone with the last descriptor of it,
 * however the processes that hold one end. It takes as many bytes as were announced, no more and no
 * less. For one thread.
 */
final class MemoryFile implements AutoCloseable {
  private static final Libc MEMFD_CREATE = Libc.function("memfd_create");
  private static final int MFD_CLOEXEC = 1;

  private final Descriptor file;
  private final long sizeBytes;
  private long writtenBytes;

  private MemoryFile(Descriptor file, long sizeBytes) {
    this.file = file;
    this.sizeBytes = sizeBytes;
  }

  static MemoryFile create(long sizeBytes) {
    try (Arena arena = Arena.ofConfined()) {
      int fd = MEMFD_CREATE.callInt(arena.allocateFrom("dataset").address(), MFD_CLOEXEC);
      if (fd < 0) {
        throw failed("cannot be made: " + Libc.describe(-fd), null);
      }
      return new MemoryFile(Descriptor.adopt(fd), sizeBytes);
    }
  }

  /**
   * Appends a piece.
   *
   * @throws RefusedException SIZE_LIMIT when more comes than was announced
   */
  void write(ByteString piece) {
    if (piece.size() > sizeBytes - writtenBytes) {
      throw wrongSize("more");
    }
    try {
      file.writeFully(piece.asReadOnlyByteBuffer());
    } catch (IOException e) {
      throw failed("cannot be written: " + e.getMessage(), e);
    }
    writtenBytes += piece.size();
  }

  /**
   * All is there: a descriptor that reads, and cannot write. The caller closes it.
   *
   * @throws RefusedException SIZE_LIMIT when less came than was announced
   */
  Descriptor complete() {
    if (writtenBytes != sizeBytes) {
      throw wrongSize("only " + writtenBytes);
    }
    try {
      int fd = file.acquire();
      try {
        return Descriptor.openForReading(Path.of("/proc/self/fd/" + fd));
      } finally {
        file.release();
      }
    } catch (IOException e) {
      throw failed("cannot be opened again: " + e.getMessage(), e);
    }
  }

  @Override
  public void close() {
    file.close();
  }

  private RefusedException wrongSize(String came) {
    return new RefusedException(
        Reason.SIZE_LIMIT,
        "a dataset was announced with %d bytes, and %s came".formatted(sizeBytes, came),
        Map.of("expected", Long.toString(sizeBytes)));
  }

  private static EnvironmentException failed(
      String what, @org.jspecify.annotations.Nullable IOException cause) {
    return new EnvironmentException(Reason.IO_FAILED, "a file in memory " + what, Map.of(), cause);
  }
}
