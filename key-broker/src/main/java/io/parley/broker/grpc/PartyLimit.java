package io.parley.broker.grpc;

import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.parley.transport.CallerInterceptor;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * How many calls of one party are in progress, over all its connections; one more is refused with
 * TOO_MANY at once. Comes after {@link CallerInterceptor}. Thread-safe.
 */
public final class PartyLimit implements ServerInterceptor {
  private final int callsMax;
  private final ConcurrentHashMap<String, Integer> inProgress = new ConcurrentHashMap<>();

  public PartyLimit(int callsMax) {
    this.callsMax = callsMax;
  }

  @Override
  public <Q, A> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
    String party = CallerInterceptor.caller().party();
    if (inProgress.merge(party, 1, Integer::sum) > callsMax) {
      release(party);
      throw new RefusedException(
          Reason.TOO_MANY,
          "%s has %d calls in progress, the most allowed; wait for one to end"
              .formatted(party, callsMax),
          Map.of("party", party, "calls_max", Integer.toString(callsMax)));
    }
    AtomicBoolean released = new AtomicBoolean();
    Runnable release =
        () -> {
          if (released.compareAndSet(false, true)) {
            release(party);
          }
        };
    return new SimpleForwardingServerCallListener<>(start(call, headers, next, release)) {
      @Override
      public void onCancel() {
        release.run();
        super.onCancel();
      }

      @Override
      public void onComplete() {
        release.run();
        super.onComplete();
      }
    };
  }

  private static <Q, A> ServerCall.Listener<Q> start(
      ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next, Runnable release) {
    try {
      return next.startCall(call, headers);
    } catch (RuntimeException e) {
      release.run();
      throw e;
    }
  }

  private void release(String party) {
    inProgress.computeIfPresent(party, (name, calls) -> calls == 1 ? null : calls - 1);
  }
}
