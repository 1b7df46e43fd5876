package io.parley.broker.evidence;

import io.parley.wire.Reason;

/**
 * A step of a verification could not be taken, because something that it needs is not there. Stays
 * inside a verifier: {@link Verification#of} makes a value of it.
 */
public final class CannotCheckException extends Exception {
  private static final long serialVersionUID = 1L;

  private final Reason reason;
  private final String why;

  public CannotCheckException(Reason reason, String why) {
    super(why, null, false, false);
    this.reason = reason;
    this.why = why;
  }

  Reason reason() {
    return reason;
  }

  String why() {
    return why;
  }
}
