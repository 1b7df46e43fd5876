package io.parley.peer.witness;

import com.google.protobuf.ByteString;
import io.parley.wire.Digest;
import java.util.List;

/**
 * The broker's log, as a witness calls it. Nothing that it answers is believed. Thread-safe; calls
 * block, and fail with a ParleyException: what the broker answered, or BROKER_UNAVAILABLE.
 */
public interface BrokerLog {
  /** Shows what was last cosigned; empty when nothing was. */
  void present(ByteString checkpoint);

  /** The checkpoint to look at next, as a signed note. */
  ByteString checkpoint(long cosignedSize);

  /** That the larger tree begins with the smaller. */
  List<Digest> consistency(long from, long to);

  /** Hands over a cosignature. */
  void addCosignature(ByteString checkpoint);
}
