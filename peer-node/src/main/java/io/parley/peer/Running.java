package io.parley.peer;

import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A server of this module that serves; closing it leaves nothing behind. Thread-safe. */
final class Running implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Running.class);

  private final List<AutoCloseable> parts;
  private final String address;

  /**
   * @param parts closed in the reverse of this order
   * @param address host:port of the gRPC server
   */
  Running(List<AutoCloseable> parts, String address) {
    this.parts = parts;
    this.address = address;
  }

  /** host:port of the gRPC server. */
  String address() {
    return address;
  }

  @Override
  public synchronized void close() {
    closeAll(parts);
  }

  /** Closes what was started, the last first; a part that fails does not keep the others open. */
  static void closeAll(List<AutoCloseable> parts) {
    for (AutoCloseable part : parts.reversed()) {
      try {
        part.close();
      } catch (Exception e) {
        LOG.atError().setCause(e).log("closing a part failed");
      }
    }
    parts.clear();
  }
}
