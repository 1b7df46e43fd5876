package io.parley.peer.grpc;

import io.grpc.stub.CallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.parley.peer.jobs.PeerMessage;
import io.parley.peer.jobs.PeerStream;
import io.parley.transport.Channels;
import io.parley.wire.EnvironmentException;
import io.parley.wire.ParleyException;
import io.parley.wire.Reason;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One end of a RunJob stream, either one: messages out, and messages in to a listener. Signs of
 * life are left out while the other side does not read, so that nothing queues up. Thread-safe.
 *
 * @param <O> what goes out
 * @param <I> what comes in
 */
final class JobStream<O, I> implements PeerStream, StreamObserver<I> {
  private static final Logger LOG = LoggerFactory.getLogger(JobStream.class);

  private final Function<PeerMessage, O> encode;
  private final Function<I, PeerMessage> decode;
  private @Nullable StreamObserver<O> out;
  private volatile PeerStream.@Nullable Listener listener;
  private boolean closed;
  private boolean gone;

  JobStream(Function<PeerMessage, O> encode, Function<I, PeerMessage> decode) {
    this.encode = encode;
    this.decode = decode;
  }

  synchronized void out(StreamObserver<O> stream) {
    out = stream;
  }

  void listener(PeerStream.Listener to) {
    listener = to;
  }

  @Override
  public synchronized void send(PeerMessage message) {
    if (closed || gone || out == null) {
      return;
    }
    if (message instanceof PeerMessage.Progress
        && out instanceof CallStreamObserver<O> flow
        && !flow.isReady()) {
      return;
    }
    try {
      out.onNext(encode.apply(message));
    } catch (IllegalStateException e) {
      // The call has ended; the listener hears of it on its own.
      LOG.atDebug().setCause(e).log("a message about a job was not sent");
    }
  }

  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    if (!gone && out != null) {
      try {
        out.onCompleted();
      } catch (IllegalStateException e) {
        LOG.atDebug().setCause(e).log("a job's stream had ended already");
      }
    }
  }

  @Override
  public void onNext(I message) {
    PeerStream.Listener to = listener;
    if (to == null || closed()) {
      return;
    }
    try {
      to.message(decode.apply(message));
    } catch (ParleyException e) {
      gone(e);
    }
  }

  @Override
  public void onError(Throwable failure) {
    gone(Channels.failure(failure, Reason.PEER_UNAVAILABLE));
  }

  @Override
  public void onCompleted() {
    gone(
        new EnvironmentException(
            Reason.PEER_UNAVAILABLE, "it ended the job's stream without a last word"));
  }

  private void gone(ParleyException why) {
    synchronized (this) {
      if (closed || gone) {
        return;
      }
      gone = true;
    }
    PeerStream.Listener to = listener;
    if (to != null) {
      to.gone(why);
    }
  }

  private synchronized boolean closed() {
    return closed;
  }
}
