package io.parley.peer.relay;

import com.google.protobuf.ByteString;
import io.parley.link.Descriptor;
import io.parley.link.TcpListener;
import io.parley.link.TcpSockets;
import io.parley.wire.EnvironmentException;
import io.parley.wire.Reason;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The port that other parties' hosts connect to for channels between enclaves. Whoever connects
 * sends a 32-byte token within seconds, gets one byte back, and is from then on the enclave's.
 *
 * <p>Anybody can connect: so at most {@value #PENDING_MAX} connections wait for their token, the
 * oldest makes room for the newest, and slow ones are cut off. Thread-safe.
 */
public final class DataPort implements AutoCloseable {
  static final byte ACK = 1;

  private static final Logger LOG = LoggerFactory.getLogger(DataPort.class);
  private static final int PENDING_MAX = 64;
  private static final int BACKLOG = 64;
  private static final Duration ACCEPT_POLL = Duration.ofSeconds(5);

  private final TcpListener listener;
  private final Admissions admissions;
  private final ExecutorService threads;
  private final Duration tokenWithin;
  private final Deque<Descriptor> pending = new ArrayDeque<>();
  private volatile boolean closing;

  /**
   * Listens.
   *
   * @param threads platform threads: reads block in the kernel
   * @param tokenWithin how long a connection may take to show its token
   */
  public DataPort(
      InetSocketAddress at, Admissions admissions, ExecutorService threads, Duration tokenWithin) {
    this.admissions = admissions;
    this.threads = threads;
    this.tokenWithin = tokenWithin;
    try {
      listener = TcpSockets.listen(at, BACKLOG);
    } catch (IOException e) {
      throw new EnvironmentException(
          Reason.IO_FAILED, "cannot listen for data on %s: %s".formatted(at, e), Map.of(), e);
    }
    threads.execute(this::acceptAll);
  }

  /** The port that the system picked, or that was asked for. */
  public int port() {
    try {
      return listener.address().getPort();
    } catch (IOException e) {
      throw new EnvironmentException(Reason.IO_FAILED, "data port: " + e, Map.of(), e);
    }
  }

  private void acceptAll() {
    while (!closing) {
      try {
        Descriptor connection = listener.accept(ACCEPT_POLL);
        remember(connection);
        threads.execute(() -> admit(connection));
      } catch (SocketTimeoutException e) {
        // Nobody came.
      } catch (ClosedChannelException e) {
        return;
      } catch (IOException | RuntimeException e) {
        if (closing) {
          return;
        }
        // Out of descriptors, for example: wait, rather than spin.
        LOG.atWarn().setCause(e).log("data port: cannot accept");
        pause();
      }
    }
  }

  private void pause() {
    try {
      Thread.sleep(100);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      closing = true;
    }
  }

  private void remember(Descriptor connection) {
    Descriptor oldest;
    synchronized (pending) {
      pending.addLast(connection);
      oldest = pending.size() > PENDING_MAX ? pending.removeFirst() : null;
    }
    if (oldest != null) {
      oldest.close();
    }
  }

  private void admit(Descriptor connection) {
    boolean admitted = false;
    try {
      ByteString token = readToken(connection);
      Optional<Admissions.Admission> admission = admissions.redeem(token);
      if (!forget(connection) || admission.isEmpty()) {
        LOG.atInfo().log("data port: a connection without a good token is refused");
        return;
      }
      connection.setTimeouts(Duration.ZERO, Duration.ZERO);
      connection.writeFully(ByteBuffer.wrap(new byte[] {ACK}));
      admission.get().receiver().accept(connection);
      admitted = true;
    } catch (IOException | RuntimeException e) {
      LOG.atDebug().setCause(e).log("data port: a connection failed before it was admitted");
    } finally {
      forget(connection);
      if (!admitted) {
        connection.close();
      }
    }
  }

  /** All of the token within one deadline: a byte now and then buys no more time. */
  private ByteString readToken(Descriptor connection) throws IOException {
    long deadline = System.nanoTime() + tokenWithin.toNanos();
    ByteBuffer token = ByteBuffer.allocate(Admissions.TOKEN_BYTES);
    while (token.hasRemaining()) {
      long left = deadline - System.nanoTime();
      if (left <= 0) {
        throw new SocketTimeoutException("no token within " + tokenWithin);
      }
      connection.setTimeouts(Duration.ofNanos(Math.max(left, 1_000_000)), tokenWithin);
      if (connection.read(token) < 0) {
        throw new ClosedChannelException();
      }
    }
    return ByteString.copyFrom(token.flip());
  }

  private boolean forget(Descriptor connection) {
    synchronized (pending) {
      return pending.remove(connection);
    }
  }

  @Override
  public void close() {
    closing = true;
    listener.close();
    synchronized (pending) {
      pending.forEach(Descriptor::close);
      pending.clear();
    }
  }
}
