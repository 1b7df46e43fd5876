package io.parley.peer;

import io.parley.process.Closing;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A server of this module that serves; closing it leaves nothing behind. Thread-safe. */
final class Running implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Running.class);

  private final Closing parts;
  private final String address;

  /**
   * @param parts closed with it
   * @param address host:port of the gRPC server
   */
  Running(Closing parts, String address) {
    this.parts = parts;
    this.address = address;
  }

  /** host:port of the gRPC server. */
  String address() {
    return address;
  }

  @Override
  public synchronized void close() {
    parts.close();
  }

  /** For what is started. */
  static Closing parts() {
    return new Closing(e -> LOG.atError().setCause(e).log("closing a part failed"));
  }
}
