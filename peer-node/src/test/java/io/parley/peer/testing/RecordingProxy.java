package io.parley.peer.testing;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** Passes TCP connections on to one port, and keeps what each side said first. Thread-safe. */
public final class RecordingProxy implements AutoCloseable {
  private static final int KEPT_BYTES = 16 << 10;

  /** One connection: the first bytes of both sides. */
  public static final class Connection {
    private final ByteArrayOutputStream client = new ByteArrayOutputStream();
    private final ByteArrayOutputStream server = new ByteArrayOutputStream();

    /** What the client sent, as far as it is kept. */
    public byte[] client() {
      return client.toByteArray();
    }

    /** What the server sent, as far as it is kept. */
    public byte[] server() {
      return server.toByteArray();
    }
  }

  private final int target;
  private final ServerSocket listener;
  private final List<Connection> connections = new CopyOnWriteArrayList<>();
  private final List<Socket> open = new CopyOnWriteArrayList<>();

  private RecordingProxy(int target, ServerSocket listener) {
    this.target = target;
    this.listener = listener;
  }

  /** Before a port of this machine. */
  public static RecordingProxy before(int port) throws IOException {
    RecordingProxy proxy =
        new RecordingProxy(port, new ServerSocket(0, 50, InetAddress.getLoopbackAddress()));
    start("proxy-" + port, proxy::accept);
    return proxy;
  }

  /** Where to connect. */
  public String address() {
    return "127.0.0.1:" + listener.getLocalPort();
  }

  /** All connections so far, oldest first. */
  public List<Connection> connections() {
    return List.copyOf(connections);
  }

  private void accept() {
    try {
      while (true) {
        Socket from = listener.accept();
        Socket to = new Socket(InetAddress.getLoopbackAddress(), target);
        open.addAll(List.of(from, to));
        Connection connection = new Connection();
        connections.add(connection);
        start("proxy-up", () -> pass(from, to, connection.client));
        start("proxy-down", () -> pass(to, from, connection.server));
      }
    } catch (IOException e) {
      // Closed: by the test, or the target is gone.
      close();
    }
  }

  private static void pass(Socket from, Socket to, ByteArrayOutputStream kept) {
    byte[] chunk = new byte[16 << 10];
    try (from;
        to) {
      InputStream in = from.getInputStream();
      OutputStream out = to.getOutputStream();
      for (int count = in.read(chunk); count >= 0; count = in.read(chunk)) {
        kept.write(chunk, 0, Math.min(count, KEPT_BYTES - Math.min(kept.size(), KEPT_BYTES)));
        out.write(chunk, 0, count);
      }
    } catch (IOException e) {
      // One side is gone; closing the sockets tells the other.
    }
  }

  private static void start(String name, Runnable work) {
    Thread thread = new Thread(work, name);
    thread.setDaemon(true);
    thread.start();
  }

  @Override
  public void close() {
    try {
      listener.close();
      for (Socket socket : open) {
        socket.close();
      }
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
