package io.parley.broker;

import io.grpc.Server;
import io.parley.process.Closing;
import java.util.concurrent.TimeUnit;

/** A broker that listens. Closing lets calls in progress end, for a few seconds. Thread-safe. */
public final class RunningBroker implements AutoCloseable {
  private static final int GRACE_SECONDS = 3;

  private final Server server;
  private final String host;
  private final Closing closing;
  private boolean closed;

  RunningBroker(Server server, String host, Closing closing) {
    this.server = server;
    this.host = host;
    this.closing = closing;
  }

  /** Where it listens, {@code host:port}. */
  public String address() {
    return host + ":" + server.getPort();
  }

  /** Waits until it was closed. */
  public void await() throws InterruptedException {
    server.awaitTermination();
  }

  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    server.shutdown();
    try {
      if (!server.awaitTermination(GRACE_SECONDS, TimeUnit.SECONDS)) {
        server.shutdownNow();
        server.awaitTermination(GRACE_SECONDS, TimeUnit.SECONDS);
      }
    } catch (InterruptedException e) {
      server.shutdownNow();
      Thread.currentThread().interrupt();
    }
    closing.close();
  }
}
