package io.parley.wire;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A failure with a stable reason. Three families, never mixed: {@link RefusedException} when what
 * came from a caller or a peer was wrong or not allowed, {@link EnvironmentException} when the
 * surroundings failed, {@link BugException} when we did.
 *
 * <p>The message says what was expected, what came, and what to do. It never holds a secret or a
 * value from a dataset. Every variable in it is in {@link #metadata()} too.
 */
public abstract sealed class ParleyException extends RuntimeException
    permits RefusedException, EnvironmentException, BugException {
  private static final long serialVersionUID = 1L;

  private final Reason reason;
  private final transient Map<String, String> metadata;

  ParleyException(
      Reason reason, String message, Map<String, String> metadata, @Nullable Throwable cause) {
    super(message, cause);
    this.reason = reason;
    this.metadata = Map.copyOf(metadata);
  }

  /** Never changes for the same cause; programs may depend on it. */
  public final Reason reason() {
    return reason;
  }

  /** The variables of the message, by name. */
  public final Map<String, String> metadata() {
    return metadata;
  }
}
