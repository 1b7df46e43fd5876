package io.parley.broker.policy;

import io.parley.broker.evidence.VerifiedEvidence;
import io.parley.wire.Reason;

/** What the policy says to verified evidence. */
public sealed interface Judgement {
  /** Every claim is as agreed. Made by {@link ReleasePolicy} only. */
  final class Approved implements Judgement {
    private final VerifiedEvidence evidence;
    private final JobContext context;

    Approved(VerifiedEvidence evidence, JobContext context) {
      this.evidence = evidence;
      this.context = context;
    }

    public VerifiedEvidence evidence() {
      return evidence;
    }

    public JobContext context() {
      return context;
    }
  }

  /**
   * One claim is not.
   *
   * @param claim its name
   * @param advice what the asker can do; holds no expected or seen value
   */
  record Refused(Reason reason, String claim, String advice, String expected, String seen)
      implements Judgement {}
}
