package io.parley.link;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.net.InetSocketAddress;
import java.time.Duration;

/**
 * TCP sockets as descriptors, so that a connected one can be handed to an enclave. Blocking, with
 * TCP_NODELAY.
 */
public final class TcpSockets {
  private static final int IPPROTO_TCP = 6;
  private static final int TCP_NODELAY = 1;

  private TcpSockets() {}

  /**
   * Connects.
   *
   * @throws java.net.SocketTimeoutException when nobody answers in time
   */
  public static Descriptor connect(InetSocketAddress to, Duration timeout) throws IOException {
    Descriptor socket = Sockets.open(Addresses.family(to));
    try (Arena arena = Arena.ofConfined()) {
      int fd = socket.acquire();
      try {
        Sockets.connect(fd, Addresses.inet(to, arena), timeout, to.toString());
        noDelay(fd);
      } finally {
        socket.release();
      }
      return socket;
    } catch (IOException | RuntimeException e) {
      socket.close();
      throw e;
    }
  }

  /** Listens; port 0 lets the system choose. */
  public static TcpListener listen(InetSocketAddress at, int backlog) throws IOException {
    Descriptor socket = Sockets.open(Addresses.family(at));
    try (Arena arena = Arena.ofConfined()) {
      int fd = socket.acquire();
      try {
        Sockets.setOption(fd, Sockets.SOL_SOCKET, Sockets.SO_REUSEADDR, 1);
        Sockets.listen(fd, Addresses.inet(at, arena), backlog, at.toString());
      } finally {
        socket.release();
      }
      return new TcpListener(socket);
    } catch (IOException | RuntimeException e) {
      socket.close();
      throw e;
    }
  }

  static void noDelay(int fd) throws IOException {
    Sockets.setOption(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  }
}
