package io.parley.broker.evidence;

import io.parley.wire.Reason;
import java.util.Objects;

/**
 * A step of a verification found something bad. Stays inside a verifier: {@link Verification#of}
 * makes a value of it.
 */
public final class NotGenuineException extends Exception {
  private static final long serialVersionUID = 1L;

  private final Reason reason;
  private final String claim;
  private final String advice;
  private final String expected;
  private final String seen;

  /**
   * @param advice what the asker can do
   */
  public NotGenuineException(
      Reason reason, String claim, String advice, Object expected, Object seen) {
    super(claim + ": " + advice, null, false, false);
    this.reason = reason;
    this.claim = claim;
    this.advice = advice;
    this.expected = expected.toString();
    this.seen = seen.toString();
  }

  /** Refuses, unless both are equal. */
  public static void requireEqual(
      Reason reason, String claim, String advice, Object expected, Object seen)
      throws NotGenuineException {
    if (!Objects.equals(expected, seen)) {
      throw new NotGenuineException(reason, claim, advice, expected, seen);
    }
  }

  Reason reason() {
    return reason;
  }

  String claim() {
    return claim;
  }

  String advice() {
    return advice;
  }

  String expected() {
    return expected;
  }

  String seen() {
    return seen;
  }
}
