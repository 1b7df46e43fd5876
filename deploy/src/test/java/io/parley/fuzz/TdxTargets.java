package io.parley.fuzz;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.protobuf.ByteString;
import io.parley.broker.evidence.ExpectedReportData;
import io.parley.broker.evidence.FakeAuthority;
import io.parley.broker.evidence.SgxClaims;
import io.parley.broker.evidence.TdxClaims;
import io.parley.broker.evidence.Verification;
import io.parley.broker.evidence.tdx.FakeIntel;
import io.parley.broker.evidence.tdx.SgxQuoteParser;
import io.parley.broker.evidence.tdx.SgxVerifier;
import io.parley.broker.evidence.tdx.TdxCollateral;
import io.parley.broker.evidence.tdx.TdxCollateralParser;
import io.parley.broker.evidence.tdx.TdxQuoteParser;
import io.parley.broker.evidence.tdx.TdxVerifier;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/** TDX and SGX: quotes, collateral as a vendor answers it, and what Intel signs in it. */
final class TdxTargets {
  private static final byte[] REPORT_DATA = new byte[64];

  private TdxTargets() {}

  static Map<String, Function<Path, FuzzTarget>> all() {
    return Map.of(
        "tdx-quote", scratch -> quote(),
        "sgx-quote", scratch -> sgxQuote(),
        "tdx-collateral", scratch -> collateral(),
        "tdx-tcb-info", scratch -> tcbInfo(),
        "tdx-qe-identity", scratch -> qeIdentity());
  }

  private static FuzzTarget quote() {
    FakeIntel intel = new FakeIntel();
    ByteString four = intel.quote(4, REPORT_DATA);
    ByteString five = intel.quote(5, REPORT_DATA);
    Set<TdxClaims> signed =
        Set.of(
            Verdicts.genuine(verify(intel, four, TdxCollateral.NONE)),
            Verdicts.genuine(verify(intel, five, TdxCollateral.NONE)));
    return new FuzzTarget(
        List.of(four.toByteArray(), five.toByteArray()),
        SharedVectors.matching("(?i)quote(_[45]\\.dat|$)"),
        bytes -> {
          ByteString quote = TdxQuoteParser.withoutRemark(ByteString.copyFrom(bytes));
          return Verdicts.isGenuine(verify(intel, quote, TdxCollateral.NONE), signed);
        });
  }

  private static FuzzTarget sgxQuote() {
    FakeIntel intel = new FakeIntel();
    ByteString good = intel.sgxQuote(intel.sgxReport(REPORT_DATA));
    Set<SgxClaims> signed = Set.of(Verdicts.genuine(verify(intel, good)));
    return new FuzzTarget(
        List.of(good.toByteArray()),
        SharedVectors.matching("(occlum_quote\\.dat|sgx_quote)$"),
        bytes -> Verdicts.isGenuine(verify(intel, ByteString.copyFrom(bytes)), signed));
  }

  private static Verification<SgxClaims> verify(FakeIntel intel, ByteString quote) {
    return new SgxVerifier(intel.roots())
        .verify(
            new SgxQuoteParser().parse(quote),
            TdxCollateral.NONE,
            new ExpectedReportData.Exactly(ByteString.copyFrom(REPORT_DATA)),
            FakeAuthority.NOW);
  }

  private static Verification<TdxClaims> verify(
      FakeIntel intel, ByteString quote, TdxCollateral collateral) {
    return new TdxVerifier(intel.roots())
        .verify(
            new TdxQuoteParser().parse(quote),
            collateral,
            new ExpectedReportData.Exactly(ByteString.copyFrom(REPORT_DATA)),
            FakeAuthority.NOW);
  }

  private static FuzzTarget collateral() {
    FakeIntel intel = new FakeIntel();
    return new FuzzTarget(
        List.of(answer("tcbInfo", intel.tcbInfo()), answer("enclaveIdentity", intel.qeIdentity())),
        SharedVectors.matching("(?i)(collateral|tcbInfo|enclaveIdentity)\\.json$"),
        bytes -> {
          new TdxCollateralParser().json(ByteString.copyFrom(bytes));
          return true;
        });
  }

  private static byte[] answer(String key, String text) {
    return "{\"%s\":%s,\"signature\":\"%s\"}".formatted(key, text, "00".repeat(64)).getBytes(UTF_8);
  }

  /** Whatever Intel may sign: the platform's own claims never change with it. */
  private static FuzzTarget tcbInfo() {
    FakeIntel intel = new FakeIntel();
    String identity = intel.qeIdentity();
    return signed(intel, intel.tcbInfo(), text -> intel.collateral(text, identity));
  }

  private static FuzzTarget qeIdentity() {
    FakeIntel intel = new FakeIntel();
    String info = intel.tcbInfo();
    return signed(intel, intel.qeIdentity(), text -> intel.collateral(info, text));
  }

  private static FuzzTarget signed(
      FakeIntel intel, String seed, Function<String, TdxCollateral> collateral) {
    ByteString quote = intel.quote(4, REPORT_DATA);
    TdxClaims claims = Verdicts.genuine(verify(intel, quote, intel.collateral()));
    return new FuzzTarget(
        List.of(seed.getBytes(UTF_8)),
        bytes -> {
          var verification = verify(intel, quote, collateral.apply(new String(bytes, UTF_8)));
          if (!(verification instanceof Verification.Genuine<TdxClaims>(TdxClaims seen))) {
            return false;
          }
          if (!seen.body().equals(claims.body())) {
            throw new AssertionError("collateral changed the body: " + seen);
          }
          return true;
        });
  }
}
