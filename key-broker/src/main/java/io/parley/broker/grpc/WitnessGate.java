package io.parley.broker.grpc;

import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.parley.broker.log.WitnessDesk;
import io.parley.proto.broker.v1.KeyServiceGrpc;
import io.parley.transport.CallerInterceptor;
import java.util.Set;

/**
 * Lets jobs be counted and keys be asked for once the party's witness has confirmed the log since
 * the broker's start, and nothing at all once the log is known to be another than it was. Comes
 * after {@link CallerInterceptor}. Thread-safe.
 */
public final class WitnessGate implements ServerInterceptor {
  /** What gives no key and counts no job. */
  private static final Set<String> UNWITNESSED =
      Set.of(KeyServiceGrpc.getGetReceiptMethod().getFullMethodName());

  private final WitnessDesk desk;

  public WitnessGate(WitnessDesk desk) {
    this.desk = desk;
  }

  @Override
  public <Q, A> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
    String method = call.getMethodDescriptor().getFullMethodName();
    if (KeyServiceGrpc.SERVICE_NAME.equals(call.getMethodDescriptor().getServiceName())
        && !UNWITNESSED.contains(method)) {
      desk.requireWitnessed(CallerInterceptor.party());
    } else {
      desk.requireWhole();
    }
    return next.startCall(call, headers);
  }
}
