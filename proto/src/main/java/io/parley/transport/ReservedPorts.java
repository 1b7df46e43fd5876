package io.parley.transport;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;

/**
 * Ports of 127.0.0.1 for processes that are told of them before they listen.
 *
 * <p>Guarantee: until this is closed the system gives none of them to anybody who asks for any
 * port; whoever names one can listen there, again and again. Each is held by a socket that is bound
 * and does nothing, which Linux lets a listener share when both have SO_REUSEADDR (socket(7)); the
 * servers of the JDK and of Netty have. Thread-safe.
 */
public final class ReservedPorts implements AutoCloseable {
  private final List<Socket> held = new ArrayList<>();

  /**
   * One more.
   *
   * @throws UncheckedIOException when there is none
   */
  public synchronized int next() {
    try {
      Socket socket = new Socket();
      held.add(socket);
      socket.setReuseAddress(true);
      socket.bind(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 0));
      return socket.getLocalPort();
    } catch (IOException e) {
      throw new UncheckedIOException("no port of 127.0.0.1 can be had", e);
    }
  }

  /** Gives them all back; who listens there goes on. */
  @Override
  public synchronized void close() {
    try {
      for (Socket socket : held) {
        socket.close();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    held.clear();
  }
}
