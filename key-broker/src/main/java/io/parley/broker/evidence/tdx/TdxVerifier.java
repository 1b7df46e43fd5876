package io.parley.broker.evidence.tdx;

import static io.parley.broker.evidence.NotGenuineException.requireEqual;

import io.parley.broker.evidence.ExpectedReportData;
import io.parley.broker.evidence.NotGenuineException;
import io.parley.broker.evidence.TdxClaims;
import io.parley.broker.evidence.TdxClaims.Tcb;
import io.parley.broker.evidence.Verification;
import io.parley.broker.evidence.trust.KnownSignatures;
import io.parley.broker.evidence.trust.Octets;
import io.parley.wire.Digest;
import io.parley.wire.Reason;
import java.time.Instant;
import java.util.Set;

/**
 * Checks that Intel's quoting enclave on a machine of Intel's signed a quote over the expected
 * report data, and, by collateral, how new that machine is. Whether that is new enough, or
 * debugging is on, is for policy. Thread-safe.
 */
public final class TdxVerifier {
  /** Fingerprint of Intel's root, "Intel SGX Root CA". */
  public static final Digest INTEL =
      Digest.parse("sha256:44a0196b2b99f889b8e149e95b807a350e7424964399e885a7cbb8ccfab674d3");

  /** In the fourth byte of td_attributes. */
  private static final int MIGRATABLE = 1 << 5;

  private final Set<Digest> roots;
  private final KnownSignatures known;

  /**
   * Checks every signature every time.
   *
   * @param roots fingerprints
   */
  public TdxVerifier(Set<Digest> roots) {
    this(roots, KnownSignatures.none());
  }

  /**
   * @param roots fingerprints
   */
  public TdxVerifier(Set<Digest> roots, KnownSignatures known) {
    this.roots = Set.copyOf(roots);
    this.known = known;
  }

  /**
   * Checks.
   *
   * @param collateral with none, the claims say NOT_CHECKED; with a part of it only, nothing can be
   *     said at all
   * @throws io.parley.wire.RefusedException INVALID_EVIDENCE when a certificate or the collateral
   *     lacks what Intel puts in
   */
  public Verification<TdxClaims> verify(
      TdxQuote quote, TdxCollateral collateral, ExpectedReportData expected, Instant at) {
    return verify(quote, new IntelMachine(quote.chain(), collateral, roots, known), expected, at);
  }

  /**
   * The same, of a machine that quotes may have come from before.
   *
   * @param machine the quote's
   */
  public static Verification<TdxClaims> verify(
      TdxQuote quote, IntelMachine machine, ExpectedReportData expected, Instant at) {
    return Verification.of(() -> {
      machine.checkSigned(quote, at);
      checkModule(quote);
      Tcb tcb = machine.tcb(quote, at);
      expected.check("report_data", quote.body().reportData());
      return new TdxClaims(
          quote.version(),
          // TUD, "TD under debug": with any of its bits set the host can look inside.
          quote.body().tdAttributes().byteAt(0) != 0,
          isMigratable(quote.body()),
          machine.pck().fmspc(),
          tcb,
          quote.body(),
          machine.revocation());
    });
  }

  /**
   * The attribute MIGRATABLE, bit 29, lets a migration TD have the key of this one's memory. It is
   * in no measurement: whoever starts the TD sets it (Intel, "TDX Module Base Architecture
   * Specification", TD attributes). Without it a service TD that is bound has no such power.
   */
  private static boolean isMigratable(TdxClaims.Body body) {
    return (body.tdAttributes().byteAt(3) & MIGRATABLE) != 0;
  }

  private static void checkModule(TdxQuote quote) throws NotGenuineException {
    requireEqual(
        Reason.EVIDENCE_PLATFORM_WRONG,
        "mr_signer_seam",
        "the TDX module is not Intel's production one",
        true,
        Octets.isZero(quote.body().mrSignerSeam()) && Octets.isZero(quote.body().seamAttributes()));
  }
}
