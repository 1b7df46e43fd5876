package io.parley.wire;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The surroundings failed: a disk, a socket, another process, a missing right. */
public final class EnvironmentException extends ParleyException {
  private static final long serialVersionUID = 1L;

  public EnvironmentException(Reason reason, String message) {
    this(reason, message, Map.of(), null);
  }

  public EnvironmentException(Reason reason, String message, Map<String, String> metadata) {
    this(reason, message, metadata, null);
  }

  public EnvironmentException(
      Reason reason, String message, Map<String, String> metadata, @Nullable Throwable cause) {
    super(reason, message, metadata, cause);
  }
}
