package io.parley.peer.jobs;

import com.google.protobuf.ByteString;
import io.parley.link.Descriptor;
import io.parley.wire.Digest;
import java.io.IOException;
import java.io.OutputStream;

/**
 * The other parties' nodes, as this one calls them. Thread-safe. Calls block, and fail with a
 * ParleyException: what the other node answered, or PEER_UNAVAILABLE.
 */
public interface Peers {
  /**
   * Waits until that party's node is connected, for about ten seconds at most: it may be coming up.
   * Does not say whether it is: the next call does, and why not.
   */
  void awaitConnected(String party);

  /** Opens the stream for a job; does not wait for a connection, nor for an answer. */
  PeerStream open(String party, PeerStream.Listener listener);

  /** A connected stream to the enclave of {@code party}; the caller owns it. */
  Descriptor openChannel(String party, String jobId, String stream);

  /** Takes pieces of a file as they come. */
  interface Sink {
    void write(ByteString piece) throws IOException;
  }

  /** The packed app of this digest; its content is not verified yet. */
  void fetchApp(String party, Digest app, OutputStream into) throws IOException;

  /** A sealed result from an offset on. */
  void fetchResult(String party, String jobId, String result, long offset, Sink into)
      throws IOException;

  /** For diagnosis: what they say about themselves. */
  PeerInfo probe(String party);

  /** What a node says about itself. */
  record PeerInfo(String version, long clockOffsetMs) {}
}
