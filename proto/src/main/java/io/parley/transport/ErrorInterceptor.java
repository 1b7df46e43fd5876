package io.parley.transport;

import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.grpc.StatusException;
import io.grpc.StatusRuntimeException;
import io.parley.wire.BugException;
import io.parley.wire.ParleyException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Turns what a service throws, or hands to {@code onError}, into a status with a stable reason.
 * What is not ours, or is our bug, is logged with the method's name and leaves as INTERNAL without
 * detail. Thread-safe.
 */
public final class ErrorInterceptor implements ServerInterceptor {
  private final BiConsumer<String, Throwable> unexpected;

  /**
   * @param unexpected the log: gets the full method name and the failure
   */
  public ErrorInterceptor(BiConsumer<String, Throwable> unexpected) {
    this.unexpected = unexpected;
  }

  @Override
  public <Q, A> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
    Closing<Q, A> closing = new Closing<>(call);
    try {
      return new Catching<>(next.startCall(closing, headers), closing);
    } catch (RuntimeException e) {
      closing.fail(e);
      return new ServerCall.Listener<>() {};
    }
  }

  /** Closes once, and translates a cause of ours. */
  private final class Closing<Q, A> extends SimpleForwardingServerCall<Q, A> {
    private final AtomicBoolean closed = new AtomicBoolean();

    Closing(ServerCall<Q, A> call) {
      super(call);
    }

    @Override
    public void close(Status status, Metadata trailers) {
      if (!closed.compareAndSet(false, true)) {
        return;
      }
      @Nullable Throwable cause = status.getCause();
      boolean untold = cause instanceof ParleyException || status.getCode() == Status.Code.UNKNOWN;
      if (cause != null && untold) {
        StatusRuntimeException told = told(cause);
        super.close(told.getStatus(), trailersOf(told));
      } else {
        super.close(status, trailers);
      }
    }

    void fail(Throwable failure) {
      if (closed.compareAndSet(false, true)) {
        StatusRuntimeException told = told(failure);
        super.close(told.getStatus(), trailersOf(told));
      }
    }

    private StatusRuntimeException told(Throwable failure) {
      switch (failure) {
        case StatusRuntimeException e -> {
          return e;
        }
        case StatusException e -> {
          return new StatusRuntimeException(e.getStatus(), e.getTrailers());
        }
        default -> {
          if (!(failure instanceof ParleyException) || failure instanceof BugException) {
            unexpected.accept(getMethodDescriptor().getFullMethodName(), failure);
          }
          return GrpcStatuses.toGrpc(failure instanceof BugException ? opaque() : failure);
        }
      }
    }

    private Throwable opaque() {
      return new IllegalStateException();
    }

    private static Metadata trailersOf(StatusRuntimeException told) {
      @Nullable Metadata trailers = told.getTrailers();
      return trailers == null ? new Metadata() : trailers;
    }
  }

  /** A listener's callbacks may throw too. */
  private static final class Catching<Q, A> extends SimpleForwardingServerCallListener<Q> {
    private final ErrorInterceptor.Closing<Q, A> call;

    Catching(ServerCall.Listener<Q> listener, ErrorInterceptor.Closing<Q, A> call) {
      super(listener);
      this.call = call;
    }

    private void run(Runnable callback) {
      try {
        callback.run();
      } catch (RuntimeException e) {
        call.fail(e);
      }
    }

    @Override
    public void onMessage(Q message) {
      run(() -> super.onMessage(message));
    }

    @Override
    public void onHalfClose() {
      run(super::onHalfClose);
    }

    @Override
    public void onReady() {
      run(super::onReady);
    }

    @Override
    public void onCancel() {
      run(super::onCancel);
    }

    @Override
    public void onComplete() {
      run(super::onComplete);
    }
  }
}
