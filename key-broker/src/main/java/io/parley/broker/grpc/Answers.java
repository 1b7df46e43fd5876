package io.parley.broker.grpc;

import io.grpc.stub.StreamObserver;
import io.parley.agreement.Party;
import io.parley.identity.Role;
import io.parley.transport.CallerInterceptor;
import java.util.function.Function;

/**
 * One unary call: who asks, may they, and the answer. Who asks is a party with its keys, never a
 * name alone: names can be given away.
 */
final class Answers {
  private Answers() {}

  /** Answers a caller of this role. A failure goes to the interceptor, which maps it. */
  static <T> void to(Role role, StreamObserver<T> responses, Function<Party, T> work) {
    var _ = CallerInterceptor.requireRole(role);
    answer(responses, work);
  }

  /** Answers a caller of any party and role. */
  static <T> void toAny(StreamObserver<T> responses, Function<Party, T> work) {
    var _ = CallerInterceptor.requireRole(Role.NODE, Role.ANALYST, Role.OPERATOR);
    answer(responses, work);
  }

  private static <T> void answer(StreamObserver<T> responses, Function<Party, T> work) {
    responses.onNext(work.apply(CallerInterceptor.party()));
    responses.onCompleted();
  }
}
