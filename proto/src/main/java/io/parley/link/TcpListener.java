package io.parley.link;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetSocketAddress;
import java.time.Duration;

/** A listening TCP socket. Thread-safe; {@link #close} wakes a thread in {@link #accept}. */
public final class TcpListener implements AutoCloseable {
  private static final Libc GETSOCKNAME = Libc.function("getsockname");
  private static final int ADDRESS_BYTES = 128;

  private final Descriptor socket;

  TcpListener(Descriptor socket) {
    this.socket = socket;
  }

  /** Where it listens, with the port that the system chose. */
  public InetSocketAddress address() throws IOException {
    int fd = socket.acquire();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment address = arena.allocate(ADDRESS_BYTES, 8);
      MemorySegment length = arena.allocateFrom(ValueLayout.JAVA_INT, ADDRESS_BYTES);
      Descriptor.checked(
          "getsockname", GETSOCKNAME.callInt(fd, address.address(), length.address()));
      return Addresses.parse(address);
    } finally {
      socket.release();
    }
  }

  /**
   * Takes the next connection.
   *
   * @throws java.net.SocketTimeoutException when none comes in time
   * @throws java.nio.channels.ClosedChannelException when closed
   */
  public Descriptor accept(Duration timeout) throws IOException {
    Descriptor accepted = Sockets.accept(socket, timeout, "TCP");
    try {
      TcpSockets.noDelay(accepted.acquire());
      return accepted;
    } finally {
      accepted.release();
    }
  }

  @Override
  public void close() {
    socket.close();
  }
}
