package io.parley.wire;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What a caller or a peer sent was malformed, against the protocol, or not allowed. */
public final class RefusedException extends ParleyException {
  private static final long serialVersionUID = 1L;

  public RefusedException(Reason reason, String message) {
    this(reason, message, Map.of(), null);
  }

  public RefusedException(Reason reason, String message, Map<String, String> metadata) {
    this(reason, message, metadata, null);
  }

  public RefusedException(
      Reason reason, String message, Map<String, String> metadata, @Nullable Throwable cause) {
    super(reason, message, metadata, cause);
  }
}
