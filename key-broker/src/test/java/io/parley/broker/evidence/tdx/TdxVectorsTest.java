package io.parley.broker.evidence.tdx;

import static io.parley.broker.evidence.Outcomes.bad;
import static io.parley.broker.evidence.Outcomes.genuine;
import static io.parley.broker.evidence.Outcomes.unchecked;
import static io.parley.broker.evidence.Vectors.GO_TDX;
import static io.parley.broker.evidence.Vectors.PHALA;
import static io.parley.broker.evidence.Vectors.TRUSTEE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.parley.broker.evidence.ExpectedReportData;
import io.parley.broker.evidence.Mutations;
import io.parley.broker.evidence.TcbStatus;
import io.parley.broker.evidence.TdxClaims;
import io.parley.broker.evidence.Vectors;
import io.parley.broker.evidence.Verification;
import io.parley.broker.evidence.trust.Certificates;
import io.parley.broker.evidence.trust.Hex;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Quotes of real machines. */
final class TdxVectorsTest {
  private static final Instant JUNE_2025 = Instant.parse("2025-06-19T12:00:00Z");
  private static final Instant JULY_2023 = Instant.parse("2023-07-01T00:00:00Z");

  /** What follows Google's quote in its file is a remark: "extra bytes(only for testing ...". */
  private static final int GOOGLE_QUOTE_BYTES = 4935;

  /** What follows Phala's are the zeros of its buffer. */
  private static final int PHALA_QUOTE_BYTES = 4936;

  @BeforeAll
  static void present() {
    Vectors.assumePresent();
  }

  @Test
  void acceptsPhalasQuoteWithItsCollateral() {
    TdxClaims claims = genuine(phala(JUNE_2025));
    assertThat(claims.tcb().status()).isEqualTo(TcbStatus.UP_TO_DATE);
    assertThat(claims.debug()).isFalse();
  }

  @Test
  void refusesItsCollateralNinetyDaysLater() {
    bad(Reason.EVIDENCE_COLLATERAL_EXPIRED, phala(JUNE_2025.plus(Duration.ofDays(90))));
  }

  @Test
  void refusesEveryChangeOfItsCollateral() {
    TdxQuote quote = parse(Vectors.bytes(PHALA + "tdx_quote"));
    ByteString bundle = Vectors.bytes(PHALA + "tdx_quote_collateral.json");
    // The text around the values may change, say a line's end in PEM; what is signed may not.
    ByteString tcbInfo = ByteString.copyFromUtf8("{\\\"id\\\":\\\"TDX\\\"");
    int from = bundle.toStringUtf8().indexOf(tcbInfo.toStringUtf8());
    assertThat(from).isPositive();
    Mutations.flipsRefused(
        bundle,
        from,
        from + 3000,
        bytes -> {
          TdxCollateralParser parser = new TdxCollateralParser();
          parser.json(bytes);
          return verify(quote, parser.collateral(), JUNE_2025);
        });
  }

  @ParameterizedTest
  @CsvSource({
    TRUSTEE + "tdx_quote_5.dat, 2024-06-01T00:00:00Z, dfba221b",
    GO_TDX + "quote_v5_sample.dat, 2026-02-03T00:00:00Z, 7348651a"
  })
  void acceptsQuotesOfVersion5(String file, String at, String mrTd) {
    TdxClaims claims =
        genuine(verify(parse(Vectors.bytes(file)), TdxCollateral.NONE, Instant.parse(at)));
    assertThat(claims.quoteVersion()).isEqualTo(5);
    assertThat(Hex.of(claims.body().mrTd())).startsWith(mrTd);
  }

  @Test
  void refusesEveryChangeOfAQuote() {
    Mutations.allRefused(
        Vectors.bytes(TRUSTEE + "tdx_quote_5.dat"),
        bytes -> verify(parse(bytes), TdxCollateral.NONE, Instant.parse("2024-06-01T00:00:00Z")));
    ByteString padded = Vectors.bytes(PHALA + "tdx_quote");
    Mutations.flipsRefused(
        padded, 0, padded.size(), bytes -> verify(parse(bytes), TdxCollateral.NONE, JUNE_2025));
    Mutations.cutsRefused(
        padded.substring(0, PHALA_QUOTE_BYTES),
        bytes -> verify(parse(bytes), TdxCollateral.NONE, JUNE_2025));
  }

  @Test
  void saysThatTrusteesQuote4IsOfADebugTd() {
    TdxClaims claims =
        genuine(
            verify(
                parse(Vectors.bytes(TRUSTEE + "tdx_quote_4.dat")),
                TdxCollateral.NONE,
                Instant.parse("2024-06-01T00:00:00Z")));
    assertThat(claims.debug()).isTrue();
  }

  @Test
  void acceptsGooglesQuoteInItsTime() {
    TdxClaims claims = genuine(verify(google(), TdxCollateral.NONE, JULY_2023));
    assertThat(Hex.of(claims.body().mrTd())).startsWith("6363b804");
    bad(
        Reason.EVIDENCE_CERTIFICATE_EXPIRED,
        verify(google(), TdxCollateral.NONE, Instant.parse("2053-07-01T00:00:00Z")));
  }

  @Test
  void findsNoLevelForGooglesQuote() {
    TdxCollateralParser parser = new TdxCollateralParser();
    parser.json(Vectors.bytes(GO_TDX + "sample_tcbInfo_response"));
    parser.json(Vectors.bytes(GO_TDX + "sample_qeIdentity_response"));
    parser.list(Certificates.parseCrl("PCK", Vectors.bytes(GO_TDX + "pckcrl")));
    parser.list(Certificates.parseCrl("root", Vectors.bytes(GO_TDX + "rootcrl.der")));
    // The samples come without the certificate of the key that signed them.
    unchecked(Reason.EVIDENCE_COLLATERAL_MISSING, verify(google(), parser.collateral(), JULY_2023));
    SignedJson tcbInfo = Objects.requireNonNull(parser.collateral().tcbInfo());
    PckCertificate pck = PckCertificate.of(google().chain().getFirst());
    bad(
        Reason.EVIDENCE_TCB_WRONG,
        Verification.of(() -> new TcbInfo(tcbInfo).level(pck, google())));
  }

  @Test
  void refusesAnSgxQuoteAndAReport() {
    refused(Reason.EVIDENCE_PLATFORM_WRONG, Vectors.bytes(TRUSTEE + "occlum_quote.dat"));
    refused(Reason.EVIDENCE_PLATFORM_WRONG, Vectors.bytes(PHALA + "sgx_quote"));
    assertThatThrownBy(() -> parse(Vectors.bytes(GO_TDX + "report.dat")))
        .isInstanceOf(RefusedException.class);
  }

  @Test
  void knowsIntelsRoot() {
    assertThat(
            Certificates.fingerprint(Vectors.der("Phala-Network+dcap-qvl/src/TrustedRootCA.der")))
        .isEqualTo(TdxVerifier.INTEL);
  }

  private static void refused(Reason reason, ByteString quote) {
    assertThatThrownBy(() -> parse(quote))
        .isInstanceOfSatisfying(
            RefusedException.class, e -> assertThat(e.reason()).isEqualTo(reason));
  }

  private static TdxQuote google() {
    return parse(
        Vectors.bytes(GO_TDX + "tdx_prod_quote_SPR_E4.dat").substring(0, GOOGLE_QUOTE_BYTES));
  }

  private static Verification<TdxClaims> phala(Instant at) {
    TdxCollateralParser parser = new TdxCollateralParser();
    parser.json(Vectors.bytes(PHALA + "tdx_quote_collateral.json"));
    return verify(parse(Vectors.bytes(PHALA + "tdx_quote")), parser.collateral(), at);
  }

  private static TdxQuote parse(ByteString bytes) {
    return new TdxQuoteParser().parse(bytes);
  }

  private static Verification<TdxClaims> verify(
      TdxQuote quote, TdxCollateral collateral, Instant at) {
    return new TdxVerifier(Set.of(TdxVerifier.INTEL))
        .verify(quote, collateral, new ExpectedReportData.Unchecked("made for somebody else"), at);
  }
}
