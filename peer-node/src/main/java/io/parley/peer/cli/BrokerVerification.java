package io.parley.peer.cli;

import io.parley.agreement.Agreement;
import io.parley.agreement.SignedAgreement;
import io.parley.agreement.platform.PlatformPolicy;
import io.parley.peer.broker.Judgement;
import io.parley.wire.EnvironmentException;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Evidence of the broker's own, asked for and judged now, for people to look at. */
final class BrokerVerification {
  private final Session session;

  BrokerVerification(Session session) {
    this.session = session;
  }

  /**
   * @param which an agreement whose demand is compared; null: none
   * @throws RefusedException BROKER_EVIDENCE_MISSING, BROKER_EVIDENCE_WRONG
   * @throws EnvironmentException BROKER_EVIDENCE_UNCHECKED
   */
  int run(@Nullable String which, boolean explain) throws IOException {
    List<PlatformPolicy> demand = which == null ? List.of() : demand(which);
    Judgement judgement = session.brokerTrust().look(demand);
    PrintStream out = session.terminal().out();
    if (explain) {
      judgement.table().forEach(out::println);
    }
    return switch (judgement) {
      case Judgement.Accepted accepted -> {
        if (!explain) {
          out.println(accepted.claims());
        }
        if (demand.isEmpty()) {
          session
              .notices()
              .warn(
                  "compared with no agreement: this says which kind of platform vouches for the broker,"
                      + " not that anybody wants it");
        }
        yield ExitCode.OK;
      }
      case Judgement.Refused refused ->
          throw new RefusedException(
              Reason.BROKER_EVIDENCE_WRONG,
              "%s: %s: %s; expected %s, seen %s"
                  .formatted(
                      refused.reason(),
                      refused.claim(),
                      refused.advice(),
                      refused.expected(),
                      refused.seen()),
              Map.of("claim", refused.claim(), "check", refused.reason()));
      case Judgement.Unchecked unchecked ->
          throw new EnvironmentException(
              Reason.BROKER_EVIDENCE_UNCHECKED,
              "%s: %s".formatted(unchecked.reason(), unchecked.why()),
              Map.of("check", unchecked.reason()));
    };
  }

  private List<PlatformPolicy> demand(String which) throws IOException {
    Agreements agreements = session.agreements();
    Path file = Path.of(which);
    SignedAgreement signed =
        Files.isRegularFile(file)
            ? agreements.read(file)
            : Agreements.signed(agreements.record(which));
    Agreement agreement = signed.agreement();
    if (agreement.brokerEvidence().isEmpty()) {
      throw new RefusedException(
          Reason.INVALID_REQUEST,
          "agreement '%s' demands no evidence of the broker's own; leave it out to look at what there is"
              .formatted(agreement.name()));
    }
    return agreement.brokerEvidence();
  }
}
