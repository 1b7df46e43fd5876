package io.parley.broker.evidence.tdx;

import io.parley.broker.evidence.ExpectedReportData;
import io.parley.broker.evidence.SgxClaims;
import io.parley.broker.evidence.TdxClaims.Tcb;
import io.parley.broker.evidence.Verification;
import io.parley.broker.evidence.trust.KnownSignatures;
import io.parley.wire.Digest;
import java.time.Instant;
import java.util.Set;

/**
 * Checks that Intel's quoting enclave on a machine of Intel's signed a quote of an SGX enclave over
 * the expected report data, and, by collateral, how new that machine is. Which enclave it is, and
 * whether it may be debugged, is for others. Thread-safe.
 */
public final class SgxVerifier {
  private final Set<Digest> roots;
  private final KnownSignatures known;

  /**
   * Checks every signature every time.
   *
   * @param roots fingerprints
   */
  public SgxVerifier(Set<Digest> roots) {
    this(roots, KnownSignatures.none());
  }

  /**
   * @param roots fingerprints
   */
  public SgxVerifier(Set<Digest> roots, KnownSignatures known) {
    this.roots = Set.copyOf(roots);
    this.known = known;
  }

  /**
   * Checks.
   *
   * @param collateral as for {@link TdxVerifier#verify}
   * @throws io.parley.wire.RefusedException INVALID_EVIDENCE when a certificate or the collateral
   *     lacks what Intel puts in
   */
  public Verification<SgxClaims> verify(
      SgxQuote quote, TdxCollateral collateral, ExpectedReportData expected, Instant at) {
    IntelMachine machine = new IntelMachine(quote.chain(), collateral, roots, known);
    return Verification.of(() -> {
      machine.checkSigned(quote, at);
      Tcb tcb = machine.tcb(quote, at);
      SgxReport body = quote.body();
      expected.check("report_data", body.reportData());
      return new SgxClaims(
          quote.version(),
          body.debug(),
          machine.pck().fmspc(),
          tcb,
          body.mrEnclave(),
          body.mrSigner(),
          body.productId(),
          body.svn(),
          body.attributes(),
          body.miscSelect(),
          body.cpuSvn(),
          body.configId(),
          body.configSvn(),
          body.extendedProductId(),
          body.familyId(),
          body.reportData(),
          machine.revocation());
    });
  }
}
