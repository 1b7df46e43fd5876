package io.parley.broker.evidence.tdx;

import static io.parley.broker.evidence.Outcomes.bad;
import static io.parley.broker.evidence.Outcomes.genuine;
import static io.parley.broker.evidence.Vectors.PHALA;
import static io.parley.broker.evidence.Vectors.TRUSTEE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.parley.broker.evidence.ExpectedReportData;
import io.parley.broker.evidence.Mutations;
import io.parley.broker.evidence.SgxClaims;
import io.parley.broker.evidence.TcbStatus;
import io.parley.broker.evidence.Vectors;
import io.parley.broker.evidence.Verification;
import io.parley.broker.evidence.trust.Hex;
import io.parley.broker.evidence.trust.KnownSignatures;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.time.Instant;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Quotes of SGX enclaves on real machines. */
final class SgxVectorsTest {
  private static final Instant JUNE_2024 = Instant.parse("2024-06-01T00:00:00Z");
  private static final Instant JUNE_2025 = Instant.parse("2025-06-19T12:00:00Z");
  private static final KnownSignatures KNOWN = new KnownSignatures(100);

  @BeforeAll
  static void present() {
    Vectors.assumePresent();
  }

  /** Its enclave is an open one, which whoever relies on it must refuse. */
  @Test
  void acceptsTrusteesQuoteAndSaysThatItIsOpen() {
    SgxClaims claims =
        genuine(verify(Vectors.bytes(TRUSTEE + "occlum_quote.dat"), TdxCollateral.NONE, JUNE_2024));
    assertThat(Hex.of(claims.mrEnclave())).startsWith("8f173e46");
    assertThat(claims.debug()).isTrue();
  }

  @Test
  void refusesTrusteesQuoteWhereATdIsWanted() {
    assertThatThrownBy(
            () -> new TdxQuoteParser().parse(Vectors.bytes(TRUSTEE + "occlum_quote.dat")))
        .isInstanceOfSatisfying(
            RefusedException.class,
            e -> assertThat(e.reason()).isEqualTo(Reason.EVIDENCE_PLATFORM_WRONG));
  }

  @Test
  void saysHowNewPhalasMachineIs() {
    SgxClaims claims = genuine(phala(Vectors.bytes(PHALA + "sgx_quote"), JUNE_2025));
    assertThat(claims.debug()).isFalse();
    assertThat(claims.tcb().status()).isEqualTo(TcbStatus.CONFIGURATION_AND_SW_HARDENING_NEEDED);
    assertThat(claims.tcb().advisories()).containsExactly("INTEL-SA-00289", "INTEL-SA-00615");
    assertThat(claims.reportData().toStringUtf8()).startsWith("Hello, world!");
  }

  @Test
  void refusesItWithCollateralThatIsOver() {
    bad(
        Reason.EVIDENCE_COLLATERAL_EXPIRED,
        phala(Vectors.bytes(PHALA + "sgx_quote"), JUNE_2025.plusSeconds(90 * 86_400L)));
  }

  @Test
  void refusesEveryChangeOfItWithCollateral() {
    Mutations.flipsRefused(
        Vectors.bytes(PHALA + "sgx_quote"), 0, 1024, bytes -> phala(bytes, JUNE_2025));
  }

  private static Verification<SgxClaims> phala(ByteString quote, Instant at) {
    TdxCollateralParser parser = new TdxCollateralParser();
    parser.json(Vectors.bytes(PHALA + "sgx_quote_collateral.json"));
    return verify(quote, parser.collateral(), at);
  }

  private static Verification<SgxClaims> verify(
      ByteString quote, TdxCollateral collateral, Instant at) {
    return new SgxVerifier(Set.of(TdxVerifier.INTEL), KNOWN)
        .verify(
            new SgxQuoteParser().parse(quote),
            collateral,
            new ExpectedReportData.Unchecked("made for somebody else"),
            at);
  }
}
