package io.parley.broker.policy.platform;

import io.parley.wire.Reason;

/**
 * One claim beside what was expected of it.
 *
 * @param source where the expectation comes from
 * @param outcome whether it holds
 * @param reason of the refusal where it does not
 * @param advice what the asker can do then
 */
public record Comparison(
    String claim,
    String expected,
    String seen,
    String source,
    Outcome outcome,
    Reason reason,
    String advice) {
  /** What came of it. */
  public enum Outcome {
    HOLDS,
    DIFFERS,
    NOT_COMPARED
  }
}
