package io.parley.gate;

import io.parley.agreement.Gate;
import io.parley.seal.SealedBytes;
import io.parley.wire.Digest;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import org.jspecify.annotations.Nullable;

/**
 * How a gate ended, as an enclave claims it. Whether it did is for the broker to check, which knows
 * what it drew.
 *
 * @param gate whose it was, and what was run
 * @param set digest of the verification set
 * @param draw as {@link GateDigests#draw}
 * @param expectation as {@link GateDigests#expectation}
 * @param result as {@link GateDigests#result}; null when there were no results to look at
 * @param findings {@link GateFindings}, sealed to the broker
 */
public record GateOutcome(
    Gate gate,
    Digest set,
    Digest draw,
    Digest expectation,
    @Nullable Digest result,
    GateVerdict verdict,
    SealedBytes findings) {
  private static final String OWNER = "[a-z0-9][a-z0-9-]{0,62}";
  private static final String STEP = "([a-z][a-z0-9_-]{0,62})?";

  public GateOutcome {
    if (!gate.owner().matches(OWNER) || !gate.step().matches(STEP)) {
      throw new RefusedException(
          Reason.INVALID_EVIDENCE,
          "claims: gates: owner and step are not in the forms %s and %s".formatted(OWNER, STEP));
    }
    if (findings.ciphertext().size() > GateLimits.FINDINGS_BYTES_MAX + 1024) {
      throw new RefusedException(
          Reason.INVALID_EVIDENCE, "claims: gates: findings are larger than they may be");
    }
  }

  public io.parley.proto.enclave.v1.GateOutcome toMessage() {
    var message =
        io.parley.proto.enclave.v1.GateOutcome.newBuilder()
            .setOwner(gate.owner())
            .setStep(gate.step())
            .setSetSha256(set.value())
            .setDrawSha256(draw.value())
            .setExpectationSha256(expectation.value())
            .setVerdict(verdict.toMessage())
            .setFindings(findings.toMessage());
    if (result != null) {
      message.setResultSha256(result.value());
    }
    return message.build();
  }

  /**
   * From a message.
   *
   * @throws RefusedException INVALID_EVIDENCE, or INVALID_REQUEST for a wrong length
   */
  public static GateOutcome fromMessage(io.parley.proto.enclave.v1.GateOutcome message) {
    return new GateOutcome(
        new Gate(message.getOwner(), message.getStep()),
        new Digest(message.getSetSha256()),
        new Digest(message.getDrawSha256()),
        new Digest(message.getExpectationSha256()),
        message.getResultSha256().isEmpty() ? null : new Digest(message.getResultSha256()),
        GateVerdict.fromMessage(message.getVerdict()),
        SealedBytes.fromMessage(message.getFindings()));
  }
}
