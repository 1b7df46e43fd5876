package io.parley.broker.evidence;

import io.parley.wire.Reason;

/** What came of checking evidence with its platform. */
public sealed interface Verification {
  /** The platform vouches for these claims. Says nothing about whether we want them. */
  record Genuine(VerifiedEvidence evidence) implements Verification {}

  /**
   * Checked, and bad.
   *
   * @param advice what the asker can do
   */
  record Bad(Reason reason, String claim, String advice, String expected, String seen)
      implements Verification {}

  /** Could not be checked here: not the same as bad, and never as good. */
  record Unchecked(Reason reason, String why) implements Verification {}
}
