package io.parley.transport;

import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.security.cert.X509Certificate;
import java.time.InstantSource;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Lets calls of {@link OwnNode} through and no others; one that runs when the certificate expires
 * ends then. The handshake has checked the same: this is for what changes while a channel is open.
 * Thread-safe. Must run inside {@link ErrorInterceptor}.
 */
public final class OwnNodeInterceptor implements ServerInterceptor {
  private final OwnNode node;
  private final InstantSource clock;
  private final RunningCalls running = new RunningCalls();

  public OwnNodeInterceptor(OwnNode node, InstantSource clock) {
    this.node = node;
    this.clock = clock;
  }

  @Override
  public <Q, A> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
    @Nullable X509Certificate leaf = CallerInterceptor.leaf(call);
    if (leaf == null) {
      throw new RefusedException(
          Reason.UNAUTHENTICATED, "this call needs a node's certificate, and none was shown");
    }
    Runnable check =
        () -> {
          var _ = node.check(List.of(leaf), clock.instant());
        };
    check.run();
    return running.start(call, check, watched -> next.startCall(watched, headers));
  }
}
