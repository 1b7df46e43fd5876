package io.parley.broker.evidence;

import io.parley.agreement.platform.TdxPolicy;
import io.parley.broker.evidence.collateral.CollateralSource;
import io.parley.broker.evidence.collateral.KnownCollateral;
import io.parley.broker.evidence.tdx.IntelMachine;
import io.parley.broker.evidence.tdx.KnownMachines;
import io.parley.broker.evidence.tdx.TdxQuote;
import io.parley.broker.evidence.tdx.TdxQuoteParser;
import io.parley.broker.evidence.tdx.TdxVerifier;
import io.parley.broker.evidence.trust.Chains;
import io.parley.broker.evidence.trust.KnownChains;
import io.parley.broker.evidence.trust.KnownSignatures;
import io.parley.evidence.HardwareDocument;
import java.time.InstantSource;

/** Kind {@code tdx}: a machine of Intel's vouches for what was launched. Thread-safe. */
final class TdxEvidence implements EvidenceVerifier {
  private static final HardwareKind<TdxPolicy, HardwareDocument> KIND =
      new HardwareKind<>(
          TdxPolicy.KIND,
          TdxPolicy.class,
          256 << 10,
          HardwareDocument::parse,
          HardwareDocument::launch);

  /** Machines, more or less. */
  private static final int CHAINS = 32;

  private final TdxQuoteParser quotes = new TdxQuoteParser(new KnownChains(CHAINS));
  private final KnownCollateral read = new KnownCollateral();
  private final CollateralSource own;
  private final KnownMachines machines;
  private final InstantSource clock;

  TdxEvidence(CollateralSource own, KnownSignatures known, InstantSource clock) {
    this.own = own;
    this.machines = new KnownMachines(known);
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

  private Verification<TdxClaims> verify(TdxPolicy policy, HardwareDocument document) {
    TdxQuote quote = quotes.parse(document.report());
    IntelMachine machine =
        machines.machine(
            quote.chain(),
            read.read("document", document.certificates(), document.collateral()),
            own.current(),
            Chains.rootsOr(policy.roots(), TdxVerifier.INTEL));
    return TdxVerifier.verify(
        quote,
        machine,
        new ExpectedReportData.Exactly(document.launch().platformData()),
        clock.instant());
  }
}
