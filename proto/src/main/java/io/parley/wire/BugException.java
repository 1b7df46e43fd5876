package io.parley.wire;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Something that cannot happen did. Always our fault, never the caller's. */
public final class BugException extends ParleyException {
  private static final long serialVersionUID = 1L;

  public BugException(String message) {
    this(message, null);
  }

  public BugException(String message, @Nullable Throwable cause) {
    super(Reason.INTERNAL, message, Map.of(), cause);
  }
}
