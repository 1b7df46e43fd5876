package io.parley.broker.grpc;

import io.grpc.stub.StreamObserver;
import io.parley.identity.Caller;
import io.parley.identity.Role;
import io.parley.transport.CallerInterceptor;
import java.util.function.Function;

/** One unary call: who asks, may they, and the answer. */
final class Answers {
  private Answers() {}

  /** Answers a caller of this role. A failure goes to the interceptor, which maps it. */
  static <T> void to(Role role, StreamObserver<T> responses, Function<Caller, T> work) {
    answer(CallerInterceptor.requireRole(role), responses, work);
  }

  /** Answers a caller of any party and role. */
  static <T> void toAny(StreamObserver<T> responses, Function<Caller, T> work) {
    Caller caller = CallerInterceptor.requireRole(Role.NODE, Role.ANALYST, Role.OPERATOR);
    answer(caller, responses, work);
  }

  private static <T> void answer(
      Caller caller, StreamObserver<T> responses, Function<Caller, T> work) {
    responses.onNext(work.apply(caller));
    responses.onCompleted();
  }
}
