package io.parley.broker.gates;

import io.parley.agreement.Gate;
import io.parley.broker.policy.Difference;
import io.parley.broker.policy.JobContext;
import io.parley.broker.policy.Judgement;
import io.parley.gate.GateAllowance;
import io.parley.gate.GateDigests;
import io.parley.gate.GateFindings;
import io.parley.gate.GateFindings.Finding;
import io.parley.gate.GateOutcome;
import io.parley.gate.GateVerdict;
import io.parley.gate.SignedVerificationSet;
import io.parley.gate.VerificationSet;
import io.parley.seal.GateBindings;
import io.parley.seal.HpkeKeyPair;
import io.parley.wire.Digest;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Whether a claimed outcome is one of the set that was drawn for this very enclave, and what it
 * comes to. The verdict is the broker's: an outcome that claims to have passed and shows what its
 * set does not allow has not. Thread-safe.
 */
final class OutcomeCheck {
  /** What a claimed outcome comes to. */
  sealed interface Checked {
    /**
     * It belongs to this draw.
     *
     * @param certified for how long it counts, once it was passed
     */
    record Genuine(GateVerdict verdict, GateFindings findings, Duration certified)
        implements Checked {}

    /** It does not. */
    record Foreign(Judgement.Refused refusal) implements Checked {}
  }

  private final HpkeKeyPair key;

  OutcomeCheck(HpkeKeyPair key) {
    this.key = key;
  }

  /** The set of a draw, as it was registered. */
  SignedVerificationSet open(StoredSet set) {
    return SignedVerificationSet.open(key, set.agreement(), set.owner(), set.sealedBytes());
  }

  /** For a draw whose set is still there. */
  Checked check(GateOutcome outcome, Draw draw, JobContext context) {
    VerificationSet set = VerificationSet.parse(open(draw.set()).set());
    Digest expectedDraw = GateDigests.draw(draw.draw());
    Digest expectation = GateDigests.expectation(draw.draw(), set);
    if (!outcome.set().equals(draw.set().digest())) {
      return foreign(draw, "set", draw.set().digest(), outcome.set());
    }
    if (!outcome.draw().equals(expectedDraw)) {
      return foreign(draw, "draw", expectedDraw, outcome.draw());
    }
    if (!outcome.expectation().equals(expectation)) {
      return foreign(draw, "expectation", expectation, outcome.expectation());
    }
    if (outcome.verdict() == GateVerdict.PASSED && outcome.result() == null) {
      return foreign(draw, "result", "a digest of what came out", "none");
    }
    GateFindings findings;
    try {
      findings =
          GateFindings.parse(
              outcome
                  .findings()
                  .open(
                      key,
                      GateBindings.findings(
                          context.job().agreement(),
                          context.job().digest(),
                          expectedDraw,
                          key.publicKey())));
    } catch (RefusedException e) {
      return foreign(draw, "findings", "sealed for this draw", "something else");
    }
    return judged(outcome.verdict(), findings, set);
  }

  /** As an enclave that passed must have been. */
  private static Checked judged(GateVerdict claimed, GateFindings findings, VerificationSet set) {
    GateAllowance allowance = set.allowance();
    List<Finding> own = new ArrayList<>(findings.findings());
    GateVerdict verdict = claimed;
    if (claimed == GateVerdict.PASSED) {
      if (!own.isEmpty()) {
        verdict = GateVerdict.RESULT_DIFFERS;
      }
      if (findings.processes() > 0 && !allowance.processes()) {
        own.add(new Finding("processes", "0", Integer.toString(findings.processes())));
        verdict = GateVerdict.ATTEMPTED;
      }
      if (allowance.memoryBytes() > 0 && findings.peakMemoryBytes() > allowance.memoryBytes()) {
        own.add(
            new Finding(
                "memory",
                "at most %d bytes".formatted(allowance.memoryBytes()),
                "%d bytes".formatted(findings.peakMemoryBytes())));
        verdict = GateVerdict.LIMIT;
      }
      if (findings.time().compareTo(allowance.time()) > 0) {
        own.add(
            new Finding(
                "time",
                "at most %d ms".formatted(allowance.time().toMillis()),
                "%d ms".formatted(findings.time().toMillis())));
        verdict = GateVerdict.LIMIT;
      }
    }
    return new Checked.Genuine(
        verdict,
        new GateFindings(own, findings.time(), findings.peakMemoryBytes(), findings.processes()),
        Duration.ofDays(set.certifyDays()));
  }

  private static Checked foreign(Draw draw, String part, Object expected, Object seen) {
    return new Checked.Foreign(wrong(draw.gate(), part, expected, seen));
  }

  /** An outcome that is not of what this job drew. */
  static Judgement.Refused wrong(Gate gate, String part, Object expected, Object seen) {
    return new Judgement.Refused(
        List.of(
            new Difference(
                Reason.EVIDENCE_GATE_WRONG,
                gate.ofStep()
                    ? "gates.%s.%s.%s".formatted(gate.owner(), gate.step(), part)
                    : "gates.%s.%s".formatted(gate.owner(), part),
                "the outcome of a verification gate is not of the set that was drawn for this"
                    + " enclave in this job; start a new job",
                expected.toString(),
                seen.toString())));
  }
}
