package io.parley.broker.cli;

import io.parley.broker.evidence.PlatformClaims;
import io.parley.broker.evidence.Verification;
import io.parley.broker.policy.platform.Comparison;
import java.util.List;

/**
 * A verification, and, where the evidence is genuine, what the policy says to it.
 *
 * @param comparisons empty where it is not genuine
 */
record Appraisal(
    Verification<? extends PlatformClaims> verification, List<Comparison> comparisons) {
  boolean allowed() {
    return verification instanceof Verification.Genuine<?>
        && comparisons.stream().noneMatch(Appraisal::differs);
  }

  static boolean differs(Comparison comparison) {
    return comparison.outcome() == Comparison.Outcome.DIFFERS;
  }
}
