package io.parley.shim.chain;

import io.parley.wire.BugException;
import io.parley.wire.EnvironmentException;
import io.parley.wire.ParleyException;
import io.parley.wire.RefusedException;
import java.util.Map;
import java.util.TreeMap;

/** Says in which step of a chain something failed. */
final class StepFailure {
  private StepFailure() {}

  /** The same failure, with the step's name in message and metadata. */
  static ParleyException in(String step, ParleyException failure) {
    Map<String, String> metadata = new TreeMap<>(failure.metadata());
    metadata.put("step", step);
    String message = "step '%s': %s".formatted(step, failure.getMessage());
    return switch (failure) {
      case RefusedException refused ->
          new RefusedException(refused.reason(), message, metadata, refused);
      case EnvironmentException environment ->
          new EnvironmentException(environment.reason(), message, metadata, environment);
      case BugException bug -> bug;
    };
  }
}
