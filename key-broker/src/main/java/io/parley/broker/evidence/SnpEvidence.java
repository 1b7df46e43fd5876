package io.parley.broker.evidence;

import io.parley.agreement.platform.SevSnpPolicy;
import io.parley.broker.evidence.collateral.Collateral;
import io.parley.broker.evidence.collateral.CollateralSource;
import io.parley.broker.evidence.collateral.KnownCollateral;
import io.parley.broker.evidence.sevsnp.SnpCertificates;
import io.parley.broker.evidence.sevsnp.SnpReport;
import io.parley.broker.evidence.sevsnp.SnpReportParser;
import io.parley.broker.evidence.sevsnp.SnpRoots;
import io.parley.broker.evidence.sevsnp.SnpVerifier;
import io.parley.broker.evidence.trust.KnownSignatures;
import io.parley.evidence.HardwareDocument;
import java.security.cert.X509Certificate;
import java.time.InstantSource;
import java.util.List;

/** Kind {@code sev-snp}: a chip of AMD's vouches for what was launched. Thread-safe. */
final class SnpEvidence implements EvidenceVerifier {
  private static final HardwareKind<SevSnpPolicy, HardwareDocument> KIND =
      new HardwareKind<>(
          SevSnpPolicy.KIND,
          SevSnpPolicy.class,
          96 << 10,
          HardwareDocument::parse,
          HardwareDocument::launch);

  private final KnownCollateral read = new KnownCollateral();
  private final CollateralSource own;
  private final KnownSignatures known;
  private final InstantSource clock;

  SnpEvidence(CollateralSource own, KnownSignatures known, InstantSource clock) {
    this.own = own;
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

  private Verification<SnpClaims> verify(SevSnpPolicy policy, HardwareDocument document) {
    SnpReport report = new SnpReportParser().parse(document.report());
    Collateral ours = own.current();
    Collateral came = read.read("document", document.certificates(), document.collateral());
    List<X509Certificate> certificates =
        SnpCertificates.complete(report, came.certificates(), ours.certificates());
    return new SnpVerifier(SnpRoots.orThose(policy.roots()), known)
        .verify(
            report,
            certificates,
            came.lists().and(ours.lists()).issuedBy(certificates),
            new ExpectedReportData.Exactly(document.launch().platformData()),
            clock.instant());
  }
}
