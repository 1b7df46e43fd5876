package io.parley.shim.child;

import io.parley.link.Descriptor;
import io.parley.link.Libc;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** A pipe whose ends have numbers that no child's standard descriptors get in the way of. */
record Pipe(Descriptor reader, Descriptor writer) implements AutoCloseable {
  private static final Libc PIPE2 = Libc.function("pipe2");
  private static final Libc FCNTL = Libc.function("fcntl");
  private static final Libc CLOSE = Libc.function("close");
  private static final int O_CLOEXEC = 0x80000;
  private static final int F_DUPFD_CLOEXEC = 1030;
  private static final int LOWEST = 10;

  static Pipe open() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment ends = arena.allocate(8, 4);
      Failures.checked("pipe", PIPE2.callInt(ends.address(), O_CLOEXEC));
      return new Pipe(
          moved(ends.get(ValueLayout.JAVA_INT, 0)), moved(ends.get(ValueLayout.JAVA_INT, 4)));
    }
  }

  private static Descriptor moved(int fd) {
    int high = FCNTL.callInt(fd, F_DUPFD_CLOEXEC, LOWEST);
    CLOSE.callInt(fd);
    return Descriptor.adopt((int) Failures.checked("pipe", high));
  }

  @Override
  public void close() {
    reader.close();
    writer.close();
  }
}
