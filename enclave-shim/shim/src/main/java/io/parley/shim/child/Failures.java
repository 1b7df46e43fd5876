package io.parley.shim.child;

import io.parley.link.Libc;
import io.parley.wire.EnvironmentException;
import io.parley.wire.Reason;
import java.util.Map;

/** What a call to the system that must not fail says when it does. */
final class Failures {
  private Failures() {}

  static long checked(String what, long answer) {
    if (answer < 0) {
      throw unavailable("%s failed: %s".formatted(what, Libc.describe(-answer)));
    }
    return answer;
  }

  /** As it was, or what a shut in thread could not do. */
  static RuntimeException notStarted(Throwable failure) {
    return failure instanceof RuntimeException known
        ? known
        : new EnvironmentException(
            Reason.SANDBOX_UNAVAILABLE, "the app could not be started", Map.of(), failure);
  }

  static EnvironmentException unavailable(String message) {
    return new EnvironmentException(Reason.SANDBOX_UNAVAILABLE, message, Map.of());
  }
}
