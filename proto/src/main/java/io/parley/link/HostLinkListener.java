package io.parley.link;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/**
 * A Unix socket path that takes exactly one connection, of one user, and is gone after it.
 *
 * <p>Thread-safe; {@link #close} wakes a thread in {@link #accept} and removes the path.
 */
public final class HostLinkListener implements AutoCloseable {
  private final Path path;
  private final Descriptor socket;

  private HostLinkListener(Path path, Descriptor socket) {
    this.path = path;
    this.socket = socket;
  }

  /** Listens at a path that does not exist yet. */
  public static HostLinkListener bind(Path path) throws IOException {
    Descriptor socket = Sockets.open(Sockets.AF_UNIX);
    try (Arena arena = Arena.ofConfined()) {
      int fd = socket.acquire();
      try {
        Sockets.listen(fd, Addresses.unix(path, arena), 1, path.toString());
      } finally {
        socket.release();
      }
      return new HostLinkListener(path, socket);
    } catch (IOException | RuntimeException e) {
      socket.close();
      throw e;
    }
  }

  /**
   * Takes the one connection, and closes this listener.
   *
   * @param uid the only user whose process may connect
   * @throws java.net.SocketTimeoutException when nobody connects in time
   * @throws IOException also when another user did
   */
  public HostLink accept(int uid, Duration timeout) throws IOException {
    try {
      HostLink link = new HostLink(Sockets.accept(socket, timeout, path.toString()));
      PeerCredentials peer = link.peer();
      if (peer.uid() != uid) {
        link.close();
        throw new IOException(
            "user %d connected to %s; expected user %d".formatted(peer.uid(), path, uid));
      }
      return link;
    } finally {
      close();
    }
  }

  @Override
  public void close() {
    socket.close();
    try {
      Files.deleteIfExists(path);
    } catch (IOException e) {
      // The folder is removed with all that is in it; a closed socket's path is harmless.
      path.toFile().deleteOnExit();
    }
  }
}
