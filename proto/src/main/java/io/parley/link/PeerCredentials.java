package io.parley.link;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Who is at the other end of a Unix socket, as the kernel says (SO_PEERCRED). */
public record PeerCredentials(int pid, int uid, int gid) {
  static PeerCredentials of(int fd) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment ucred = Sockets.option(fd, Sockets.SO_PEERCRED, arena.allocate(12, 4));
      return new PeerCredentials(
          ucred.get(ValueLayout.JAVA_INT, 0),
          ucred.get(ValueLayout.JAVA_INT, 4),
          ucred.get(ValueLayout.JAVA_INT, 8));
    }
  }
}
