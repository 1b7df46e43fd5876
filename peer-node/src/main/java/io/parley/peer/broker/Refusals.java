package io.parley.peer.broker;

import io.parley.agreement.platform.PlatformPolicy;
import io.parley.wire.EnvironmentException;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** What people are told when the broker is not where an agreement wants it. */
final class Refusals {
  private Refusals() {}

  /**
   * @throws RefusedException BROKER_EVIDENCE_WRONG
   * @throws EnvironmentException BROKER_EVIDENCE_UNCHECKED
   */
  static void throwUnlessAccepted(
      String agreement, List<PlatformPolicy> demand, Judgement judgement) {
    switch (judgement) {
      case Judgement.Accepted _ -> {}
      case Judgement.Refused refused ->
          throw new RefusedException(
              Reason.BROKER_EVIDENCE_WRONG,
              "agreement '%s' demands %s of the broker itself; claim '%s' is not as demanded (%s): %s; expected %s, seen %s"
                  .formatted(
                      agreement,
                      kinds(demand),
                      refused.claim(),
                      refused.reason(),
                      refused.advice(),
                      refused.expected(),
                      refused.seen()),
              Map.of(
                  "agreement", agreement,
                  "claim", refused.claim(),
                  "check", refused.reason(),
                  "expected", refused.expected(),
                  "seen", refused.seen()));
      case Judgement.Unchecked unchecked ->
          throw new EnvironmentException(
              Reason.BROKER_EVIDENCE_UNCHECKED,
              "agreement '%s' demands %s of the broker itself, which could not be checked (%s): %s"
                  .formatted(agreement, kinds(demand), unchecked.reason(), unchecked.why()),
              Map.of("agreement", agreement, "check", unchecked.reason()));
    }
  }

  /** Says which agreement it was about, where the broker itself has refused. */
  static RefusedException named(
      String agreement, List<PlatformPolicy> demand, RefusedException refused) {
    return refused.reason() == Reason.BROKER_EVIDENCE_MISSING
        ? new RefusedException(
            Reason.BROKER_EVIDENCE_MISSING,
            "agreement '%s' demands %s of the broker itself; it answered: %s"
                .formatted(agreement, kinds(demand), refused.getMessage()),
            Map.of("agreement", agreement, "expected", kinds(demand)),
            refused)
        : refused;
  }

  private static String kinds(List<PlatformPolicy> demand) {
    return demand.stream().map(PlatformPolicy::kind).collect(Collectors.joining(" or "))
        + " evidence";
  }
}
