package io.parley.transport;

import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.Status;
import io.parley.wire.ParleyException;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;

/**
 * Looks after calls while they run: each is checked once a second, and ended with the refusal when
 * its check no longer passes. What the call's handler still sends then is dropped, nothing that the
 * client still sends reaches it, and it is told that the call was cancelled. Thread-safe.
 *
 * <p>The thread that does this lives as long as there are calls, so there is nothing to close.
 */
final class RunningCalls {
  private static final long EVERY_MS = 1000;

  private final Set<Watched<?, ?>> running = ConcurrentHashMap.newKeySet();
  private final Object lock = new Object();
  private boolean watching;

  /**
   * Starts a call under watch.
   *
   * @param check throws a {@link ParleyException} when the call must end
   * @param start starts the handler with the call that it is to use
   */
  <Q, A> ServerCall.Listener<Q> start(
      ServerCall<Q, A> call,
      Runnable check,
      Function<ServerCall<Q, A>, ServerCall.Listener<Q>> start) {
    Watched<Q, A> watched = new Watched<>(call, check);
    running.add(watched);
    watch();
    try {
      return new Gate<>(start.apply(watched), watched);
    } catch (RuntimeException e) {
      running.remove(watched);
      throw e;
    }
  }

  private void watch() {
    synchronized (lock) {
      if (!watching) {
        watching = true;
        var _ = Thread.ofVirtual().name("running-calls").start(this::checkAll);
      }
    }
  }

  private void checkAll() {
    try {
      do {
        Thread.sleep(EVERY_MS);
        running.forEach(Watched::recheck);
      } while (!done());
    } catch (InterruptedException e) {
      throw new AssertionError("nobody has a handle on this thread", e);
    }
  }

  private boolean done() {
    synchronized (lock) {
      watching = !running.isEmpty();
      return !watching;
    }
  }

  /** A call that can be ended from the outside; gRPC's own may be used by one thread at a time. */
  private final class Watched<Q, A> extends SimpleForwardingServerCall<Q, A> {
    private final Runnable check;
    private boolean closed;
    private volatile boolean ended;

    Watched(ServerCall<Q, A> call, Runnable check) {
      super(call);
      this.check = check;
    }

    void recheck() {
      try {
        check.run();
      } catch (RuntimeException e) {
        end(e);
      }
    }

    private synchronized void end(RuntimeException why) {
      running.remove(this);
      if (!closed) {
        closed = true;
        ended = true;
        super.close(Status.UNKNOWN.withCause(why), new Metadata());
      }
    }

    @Override
    public synchronized void sendHeaders(Metadata headers) {
      if (!ended) {
        super.sendHeaders(headers);
      }
    }

    @Override
    public synchronized void sendMessage(A message) {
      if (!ended) {
        super.sendMessage(message);
      }
    }

    @Override
    public synchronized void request(int messages) {
      if (!ended) {
        super.request(messages);
      }
    }

    @Override
    public synchronized void close(Status status, Metadata trailers) {
      if (!ended) {
        closed = true;
        super.close(status, trailers);
      }
    }

    @Override
    public boolean isReady() {
      return !ended && super.isReady();
    }

    @Override
    public boolean isCancelled() {
      return ended || super.isCancelled();
    }
  }

  /** Between the client and the handler. */
  private final class Gate<Q, A> extends SimpleForwardingServerCallListener<Q> {
    private final Watched<Q, A> call;

    Gate(ServerCall.Listener<Q> handler, Watched<Q, A> call) {
      super(handler);
      this.call = call;
    }

    @Override
    public void onMessage(Q message) {
      if (!call.ended) {
        super.onMessage(message);
      }
    }

    @Override
    public void onHalfClose() {
      if (!call.ended) {
        super.onHalfClose();
      }
    }

    @Override
    public void onReady() {
      if (!call.ended) {
        super.onReady();
      }
    }

    @Override
    public void onCancel() {
      running.remove(call);
      super.onCancel();
    }

    @Override
    public void onComplete() {
      running.remove(call);
      if (call.ended) {
        // The handler did not end the call, so for it this is no completion.
        super.onCancel();
      } else {
        super.onComplete();
      }
    }
  }
}
