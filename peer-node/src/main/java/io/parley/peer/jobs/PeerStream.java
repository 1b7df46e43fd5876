package io.parley.peer.jobs;

import io.parley.wire.ParleyException;

/**
 * One side of the stream between two nodes about one job. Thread-safe; nothing blocks. After {@link
 * #close} nothing is sent and nothing arrives.
 */
public interface PeerStream {
  void send(PeerMessage message);

  /** Ends the stream in good order: what was sent before arrives. */
  void close();

  /** Takes what arrives: one call at a time, {@code gone} once at most and last. */
  interface Listener {
    void message(PeerMessage message);

    /** The other side is gone, or broke the protocol. */
    void gone(ParleyException why);
  }
}
