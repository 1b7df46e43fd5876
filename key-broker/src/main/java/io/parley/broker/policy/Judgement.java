package io.parley.broker.policy;

import io.parley.broker.evidence.VerifiedEvidence;
import io.parley.wire.BugException;
import java.util.List;

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
   * One claim is not, or several are.
   *
   * @param differences all of them, in the order in which they are judged; not empty
   */
  record Refused(List<Difference> differences) implements Judgement {
    public Refused {
      differences = List.copyOf(differences);
      if (differences.isEmpty()) {
        throw new BugException("a refusal without anything that differs");
      }
    }
  }
}
