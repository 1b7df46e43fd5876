package io.parley.broker.evidence.sevsnp;

import static io.parley.broker.evidence.Outcomes.bad;
import static io.parley.broker.evidence.Outcomes.genuine;
import static io.parley.broker.evidence.Vectors.GO_SEV;
import static io.parley.broker.evidence.Vectors.TRUSTEE;
import static io.parley.broker.evidence.Vectors.TRUSTEE_SNP;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.parley.broker.evidence.ExpectedReportData;
import io.parley.broker.evidence.Mutations;
import io.parley.broker.evidence.SnpClaims;
import io.parley.broker.evidence.Vectors;
import io.parley.broker.evidence.Verification;
import io.parley.broker.evidence.trust.Certificates;
import io.parley.broker.evidence.trust.Hex;
import io.parley.broker.evidence.trust.RevocationLists;
import io.parley.wire.Reason;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Reports of real chips. */
final class SnpVectorsTest {
  private static final Instant JUNE_2024 = Instant.parse("2024-06-01T00:00:00Z");
  private static final Instant SEPTEMBER_2022 = Instant.parse("2022-09-24T12:00:00Z");
  private static final int HCL_REPORT_AT = 32;

  @BeforeAll
  static void present() {
    Vectors.assumePresent();
  }

  @Test
  void acceptsTrusteesMilanReport() {
    SnpClaims claims = genuine(trustee(Vectors.bytes(TRUSTEE + "snp/test-report.bin"), JUNE_2024));
    assertThat(claims.product()).isEqualTo("milan");
    assertThat(claims.debug()).isFalse();
    assertThat(Hex.of(claims.measurement())).startsWith("a1f39304");
  }

  @Test
  void refusesEveryChangeOfIt() {
    Mutations.allRefused(
        Vectors.bytes(TRUSTEE + "snp/test-report.bin"), bytes -> trustee(bytes, JUNE_2024));
  }

  @Test
  void refusesEveryChangeOfItsCertificate() {
    SnpReport report = parse(Vectors.bytes(TRUSTEE + "snp/test-report.bin"));
    List<X509Certificate> issuers = Vectors.pem(TRUSTEE_SNP + "milan_ask_ark_asvk.pem");
    Mutations.allRefused(
        Vectors.bytes(TRUSTEE + "snp/test-vcek.der"),
        bytes -> verify(report, with(Certificates.parse("VCEK", bytes), issuers), JUNE_2024));
  }

  @Test
  void refusesTheLegacyCertificate() {
    bad(
        Reason.EVIDENCE_CHAIN_WRONG,
        verify(
            parse(Vectors.bytes(TRUSTEE + "snp/test-report.bin")),
            with(
                Vectors.der(TRUSTEE + "snp/test-vcek-invalid-legacy.der"),
                Vectors.pem(TRUSTEE_SNP + "milan_ask_ark_asvk.pem")),
            JUNE_2024));
  }

  @ParameterizedTest
  @ValueSource(strings = {"genoa_ask_ark_asvk.pem", "turin_ask_ark_asvk.pem"})
  void refusesChainsOfOtherProducts(String chain) {
    bad(
        Reason.EVIDENCE_PRODUCT_WRONG,
        verify(
            parse(Vectors.bytes(TRUSTEE + "snp/test-report.bin")),
            with(Vectors.der(TRUSTEE + "snp/test-vcek.der"), Vectors.pem(TRUSTEE_SNP + chain)),
            JUNE_2024));
  }

  @Test
  void refusesItIn2060() {
    bad(
        Reason.EVIDENCE_CERTIFICATE_EXPIRED,
        trustee(
            Vectors.bytes(TRUSTEE + "snp/test-report.bin"), Instant.parse("2060-01-01T00:00:00Z")));
  }

  @Test
  void saysThatGooglesReportIsOfADebugGuest() {
    SnpClaims claims = genuine(google("testdata/milan.testcer"));
    assertThat(claims.debug()).isTrue();
    assertThat(claims.policy()).isEqualTo(0xb0000);
    assertThat(Hex.of(claims.measurement())).startsWith("b07af962");
    assertThat(Hex.of(claims.reportData())).startsWith("010203040500");
  }

  @Test
  void refusesTheIssuerOfVleksForAVcek() {
    bad(Reason.EVIDENCE_CHAIN_WRONG, google("testdata/milanvlek.testcer"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "ask_ark_milan.pem",
        "ask_ark_milan_vlek.pem",
        "ask_ark_genoa.pem",
        "ask_ark_genoa_vlek.pem",
        "ask_ark_turin_vcek.pem",
        "ask_ark_turin_vlek.pem"
      })
  void knowsAmdsRoots(String chain) {
    SnpProduct product =
        Stream.of(SnpProduct.values())
            .filter(line -> chain.contains(line.text()))
            .findFirst()
            .orElseThrow();
    X509Certificate root = Vectors.pem(GO_SEV + "trust/" + chain).getLast();
    assertThat(SnpRoots.AMD.productOf(Certificates.fingerprint(root))).contains(product);
  }

  @Test
  void acceptsTheReportInAzuresHcl() {
    ByteString hcl = Vectors.bytes(TRUSTEE + "az-snp-vtpm/hcl-report.bin");
    assertThat(AzureHclReport.reportIn(hcl))
        .isEqualTo(hcl.substring(HCL_REPORT_AT, HCL_REPORT_AT + SnpReportParser.SIZE_BYTES));
    assertThat(genuine(azure(hcl)).product()).isEqualTo("milan");
  }

  @Test
  void refusesEveryChangeOfAzuresHcl() {
    Mutations.allRefused(
        Vectors.bytes(TRUSTEE + "az-snp-vtpm/hcl-report.bin"), SnpVectorsTest::azure);
  }

  private static Verification<SnpClaims> azure(ByteString hcl) {
    return verify(
        parse(AzureHclReport.reportIn(hcl)),
        Vectors.pem(TRUSTEE + "az-snp-vtpm/vcek.pem"),
        JUNE_2024);
  }

  @ParameterizedTest
  @CsvSource({"Milan-B0,MILAN", "Milan,MILAN", "Genoa-B1,GENOA", "Siena,GENOA", "Turin-A0,TURIN"})
  void knowsLinesByTheirProducts(String name, SnpProduct line) {
    assertThat(SnpProduct.named(name)).contains(line);
    assertThat(SnpProduct.named("X" + name)).isEmpty();
  }

  private static Verification<SnpClaims> trustee(ByteString report, Instant at) {
    return verify(
        parse(report),
        with(
            Vectors.der(TRUSTEE + "snp/test-vcek.der"),
            Vectors.pem(TRUSTEE_SNP + "milan_ask_ark_asvk.pem")),
        at);
  }

  private static Verification<SnpClaims> google(String chain) {
    return verify(
        parse(Vectors.bytes(GO_SEV + "testdata/attestation.bin")),
        with(Vectors.der(GO_SEV + "testdata/vcek.testcer"), Vectors.pem(GO_SEV + chain)),
        SEPTEMBER_2022);
  }

  private static List<X509Certificate> with(X509Certificate leaf, List<X509Certificate> issuers) {
    return Stream.concat(Stream.of(leaf), issuers.stream()).toList();
  }

  private static SnpReport parse(ByteString bytes) {
    return new SnpReportParser().parse(bytes);
  }

  private static Verification<SnpClaims> verify(
      SnpReport report, List<X509Certificate> certificates, Instant at) {
    return new SnpVerifier(SnpRoots.AMD)
        .verify(
            report,
            certificates,
            RevocationLists.NONE,
            new ExpectedReportData.Unchecked("made for somebody else"),
            at);
  }
}
