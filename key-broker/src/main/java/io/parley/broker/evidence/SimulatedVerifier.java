package io.parley.broker.evidence;

import io.parley.agreement.Party;
import io.parley.evidence.Evidence;
import io.parley.evidence.SimulatedEvidence;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;

/**
 * Kind {@code simulated}: signed by the software key that the agreement names for the party. It
 * shows that the party's own host said so, and nothing about that host.
 */
final class SimulatedVerifier implements EvidenceVerifier {
  @Override
  public String kind() {
    return Evidence.SIMULATED;
  }

  @Override
  public Verification<VerifiedEvidence> verify(ParsedEvidence parsed, EvidenceContext context) {
    Party party = context.party();
    Evidence evidence = parsed.evidence();
    SimulatedEvidence document;
    try {
      document = SimulatedEvidence.parse(evidence.document());
    } catch (RefusedException e) {
      return new Verification.Bad<>(
          e.reason(),
          "document",
          "the document cannot be read: " + e.getMessage(),
          "a simulated document",
          "something else");
    }
    if (!document.isSignedBy(party.simulatedPlatformKey()::verify)) {
      return new Verification.Bad<>(
          Reason.EVIDENCE_SIGNATURE_WRONG,
          "document",
          "it is not signed by the platform key that the agreement names for this party; use the"
              + " identity that the agreement was drafted with",
          "a signature by %s".formatted(party.simulatedPlatformKey()),
          "one by another key");
    }
    if (!document.reportData().equals(evidence.reportData())) {
      return new Verification.Bad<>(
          Reason.EVIDENCE_REPORT_DATA_WRONG,
          "report_data",
          "the platform signed for other claims than these; ask it again",
          evidence.reportData().toString(),
          document.reportData().toString());
    }
    return new Verification.Genuine<>(
        new VerifiedEvidence(evidence, parsed.unverifiedClaims(), document.launch(), null));
  }
}
