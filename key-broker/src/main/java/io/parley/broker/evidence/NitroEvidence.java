package io.parley.broker.evidence;

import io.parley.agreement.platform.NitroPolicy;
import io.parley.broker.evidence.nitro.NitroDocumentParser;
import io.parley.broker.evidence.nitro.NitroVerifier;
import io.parley.broker.evidence.trust.Chains;
import io.parley.broker.evidence.trust.KnownSignatures;
import io.parley.broker.evidence.trust.Octets;
import io.parley.evidence.HardwareDocument;
import java.time.InstantSource;

/** Kind {@code nitro}: a Nitro machine of AWS's vouches for what was launched. Thread-safe. */
final class NitroEvidence implements EvidenceVerifier {
  private static final HardwareKind<NitroPolicy, HardwareDocument> KIND =
      new HardwareKind<>(
          NitroPolicy.KIND,
          NitroPolicy.class,
          24 << 10,
          HardwareDocument::parse,
          HardwareDocument::launch);

  private final KnownSignatures known;
  private final InstantSource clock;

  NitroEvidence(KnownSignatures known, InstantSource clock) {
    this.known = known;
    this.clock = clock;
  }

  @Override
  public String kind() {
    return KIND.kind();
  }

  @Override
  public Verification<VerifiedEvidence> verify(ParsedEvidence parsed, EvidenceContext context) {
    return KIND.verify(parsed, context, this::verify);
  }

  private Verification<NitroClaims> verify(NitroPolicy policy, HardwareDocument document) {
    if (!document.certificates().isEmpty() || !document.collateral().isEmpty()) {
      throw Octets.malformed(
          "document", "certificates", "are there; an attestation document has its own inside");
    }
    return new NitroVerifier(Chains.rootsOr(policy.roots(), NitroVerifier.AWS), known)
        .verify(
            new NitroDocumentParser().parse(document.report()),
            new ExpectedReportData.Exactly(document.launch().platformData()),
            clock.instant());
  }
}
