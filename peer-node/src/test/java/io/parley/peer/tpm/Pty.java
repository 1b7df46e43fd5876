package io.parley.peer.tpm;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;

/** A pseudo-terminal, raw: what goes in at one end comes out at the other (pty(7)). */
final class Pty implements AutoCloseable {
  private static final int O_RDWR = 2;
  private static final int O_NOCTTY = 0x100;
  private static final Linker LINKER = Linker.nativeLinker();

  private final int master;
  private final int slave;
  private final Path path;

  Pty() throws IOException {
    master = (int) call("posix_openpt", ValueLayout.JAVA_INT, O_RDWR | O_NOCTTY);
    if (master < 0
        || (int) call("grantpt", ValueLayout.JAVA_INT, master) != 0
        || (int) call("unlockpt", ValueLayout.JAVA_INT, master) != 0) {
      throw new IOException("no pseudo-terminal");
    }
    MemorySegment name = (MemorySegment) call("ptsname", ValueLayout.ADDRESS, master);
    path = Path.of(name.reinterpret(64).getString(0));
    // Held open, so that the master sees no end when a client leaves.
    try (Arena arena = Arena.ofConfined()) {
      slave =
          (int)
              call(
                  "open",
                  ValueLayout.JAVA_INT,
                  arena.allocateFrom(path.toString()),
                  O_RDWR | O_NOCTTY);
    }
    run("stty", "-F", path.toString(), "raw", "-echo");
  }

  /** The end that looks like a device. */
  Path path() {
    return path;
  }

  /** At least one byte; fewer than none at the end. */
  byte[] read(int most) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment buffer = arena.allocate(most);
      long count = (long) call("read", ValueLayout.JAVA_LONG, master, buffer, (long) most);
      return count <= 0 ? new byte[0] : buffer.asSlice(0, count).toArray(ValueLayout.JAVA_BYTE);
    }
  }

  void write(byte[] bytes) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment buffer = arena.allocateFrom(ValueLayout.JAVA_BYTE, bytes);
      long written = 0;
      while (written < bytes.length) {
        long count =
            (long)
                call(
                    "write",
                    ValueLayout.JAVA_LONG,
                    master,
                    buffer.asSlice(written),
                    bytes.length - written);
        if (count <= 0) {
          return;
        }
        written += count;
      }
    }
  }

  @Override
  public void close() {
    call("close", ValueLayout.JAVA_INT, slave);
    call("close", ValueLayout.JAVA_INT, master);
  }

  private static void run(String... command) throws IOException {
    try {
      if (new ProcessBuilder(command).inheritIO().start().waitFor() != 0) {
        throw new IOException(String.join(" ", command));
      }
    } catch (InterruptedException e) {
      throw new IOException(e);
    }
  }

  private static Object call(
      String name, java.lang.foreign.MemoryLayout result, Object... arguments) {
    java.lang.foreign.MemoryLayout[] layouts =
        java.util.Arrays.stream(arguments)
            .map(argument ->
                switch (argument) {
                  case Integer i -> ValueLayout.JAVA_INT;
                  case Long l -> ValueLayout.JAVA_LONG;
                  default -> ValueLayout.ADDRESS;
                })
            .toArray(java.lang.foreign.MemoryLayout[]::new);
    MethodHandle handle =
        LINKER.downcallHandle(
            LINKER.defaultLookup().find(name).orElseThrow(),
            FunctionDescriptor.of(result, layouts));
    try {
      return handle.invokeWithArguments(arguments);
    } catch (Throwable e) {
      throw new AssertionError(name, e);
    }
  }
}
