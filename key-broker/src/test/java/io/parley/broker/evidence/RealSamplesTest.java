package io.parley.broker.evidence;

import static io.parley.broker.evidence.Outcomes.bad;
import static io.parley.broker.evidence.Outcomes.genuine;
import static io.parley.broker.evidence.Vectors.GO_SEV;
import static io.parley.broker.evidence.Vectors.GO_TDX;
import static io.parley.broker.evidence.Vectors.NITRO;
import static io.parley.broker.evidence.Vectors.PHALA;
import static io.parley.broker.evidence.Vectors.TRUSTEE;
import static io.parley.broker.evidence.Vectors.TRUSTEE_SNP;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.parley.broker.evidence.nitro.NitroDocumentParser;
import io.parley.broker.evidence.nitro.NitroVerifier;
import io.parley.broker.evidence.sevsnp.AzureHclReport;
import io.parley.broker.evidence.sevsnp.SnpReportParser;
import io.parley.broker.evidence.sevsnp.SnpRoots;
import io.parley.broker.evidence.sevsnp.SnpVerifier;
import io.parley.broker.evidence.tdx.SgxQuoteParser;
import io.parley.broker.evidence.tdx.SgxVerifier;
import io.parley.broker.evidence.tdx.TdxCollateral;
import io.parley.broker.evidence.tdx.TdxQuoteParser;
import io.parley.broker.evidence.tdx.TdxVerifier;
import io.parley.broker.evidence.tpm2.TpmAnchor;
import io.parley.broker.evidence.tpm2.TpmEvidenceParser;
import io.parley.broker.evidence.tpm2.TpmKey;
import io.parley.broker.evidence.tpm2.TpmQuote;
import io.parley.broker.evidence.tpm2.TpmQuoteParser;
import io.parley.broker.evidence.tpm2.TpmVerifier;
import io.parley.broker.evidence.trust.KnownSignatures;
import io.parley.broker.evidence.trust.RevocationLists;
import io.parley.broker.evidence.trust.StrictJson;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.nio.charset.StandardCharsets;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every real sample, and everything that a host could do to it. */
final class RealSamplesTest {
  private static final Instant IN_2060 = Instant.parse("2060-01-01T00:00:00Z");
  private static final Instant JUNE_2024 = Instant.parse("2024-06-01T00:00:00Z");
  private static final KnownSignatures KNOWN = new KnownSignatures(100);
  private static final int HCL_REPORT_AT = 32;

  /** Google's quote ends there; a remark follows it in its file. */
  private static final int GOOGLE_QUOTE_BYTES = 4935;

  /** Phala's does; the zeros of its buffer follow it. */
  private static final int PHALA_QUOTE_BYTES = 4936;

  private interface Check {
    Verification<?> verify(
        ByteString bytes, List<X509Certificate> chain, ExpectedReportData expected, Instant at);
  }

  /**
   * One sample.
   *
   * @param reportData what it was really made over
   */
  private record Sample(
      String name,
      String kind,
      ByteString bytes,
      List<X509Certificate> chain,
      Instant at,
      ByteString reportData,
      Check check) {
    Verification<?> verify(ByteString changed) {
      return check.verify(changed, chain, new ExpectedReportData.Exactly(reportData), at);
    }

    @Override
    public String toString() {
      return name;
    }
  }

  @BeforeAll
  static void present() {
    Vectors.assumePresent();
  }

  static List<Sample> samples() {
    Vectors.assumePresent();
    List<Sample> all = new ArrayList<>();
    List<X509Certificate> milan = Vectors.pem(TRUSTEE_SNP + "milan_ask_ark_asvk.pem");
    snp(
        all,
        "trustee/milan",
        Vectors.bytes(TRUSTEE + "snp/test-report.bin"),
        with(Vectors.der(TRUSTEE + "snp/test-vcek.der"), milan),
        JUNE_2024);
    snp(
        all,
        "google/milan",
        Vectors.bytes(GO_SEV + "testdata/attestation.bin"),
        with(
            Vectors.der(GO_SEV + "testdata/vcek.testcer"),
            Vectors.pem(GO_SEV + "testdata/milan.testcer")),
        Instant.parse("2022-09-24T12:00:00Z"));
    snp(
        all,
        "azure/milan",
        Vectors.bytes(TRUSTEE + "az-snp-vtpm/hcl-report.bin")
            .substring(HCL_REPORT_AT, HCL_REPORT_AT + 1184),
        Vectors.pem(TRUSTEE + "az-snp-vtpm/vcek.pem"),
        JUNE_2024);
    snp(
        all,
        "azure/genoa",
        reportIn(TRUSTEE + "az-snp-vtpm/evidence-genoa.json"),
        with(
            Vectors.pem(TRUSTEE + "az-snp-vtpm/vcek-genoa.pem").getFirst(),
            Vectors.pem(GO_SEV + "trust/ask_ark_genoa.pem")),
        Instant.parse("2025-06-01T00:00:00Z"));
    tdx(all, "trustee/v4", Vectors.bytes(TRUSTEE + "tdx_quote_4.dat"), JUNE_2024);
    tdx(all, "trustee/v5", Vectors.bytes(TRUSTEE + "tdx_quote_5.dat"), JUNE_2024);
    tdx(
        all,
        "google/v5",
        Vectors.bytes(GO_TDX + "quote_v5_sample.dat"),
        Instant.parse("2026-02-03T00:00:00Z"));
    tdx(
        all,
        "google/v4",
        Vectors.bytes(GO_TDX + "tdx_prod_quote_SPR_E4.dat").substring(0, GOOGLE_QUOTE_BYTES),
        Instant.parse("2023-07-01T00:00:00Z"));
    tdx(
        all,
        "phala/v4",
        Vectors.bytes(PHALA + "tdx_quote").substring(0, PHALA_QUOTE_BYTES),
        Instant.parse("2025-06-19T12:00:00Z"));
    sgx(all, "trustee", Vectors.bytes(TRUSTEE + "occlum_quote.dat"), JUNE_2024);
    sgx(all, "phala", Vectors.bytes(PHALA + "sgx_quote"), Instant.parse("2025-06-19T12:00:00Z"));
    nitro(
        all,
        "evervault/plain",
        Vectors.bytes(NITRO + "beta/valid-attestation-doc-bytes"),
        Instant.parse("2022-10-13T08:58:02Z"));
    nitro(
        all,
        "evervault/debug",
        ByteString.copyFrom(
            Base64.getDecoder()
                .decode(Vectors.text(NITRO + "valid-attestation-doc-base64").strip())),
        Instant.ofEpochSecond(1_695_050_165));
    tpm(all);
    return all;
  }

  private static void snp(
      List<Sample> all, String name, ByteString report, List<X509Certificate> chain, Instant at) {
    all.add(
        new Sample(
            "sev-snp " + name,
            "sev-snp",
            report,
            chain,
            at,
            report.substring(0x50, 0x90),
            (bytes, certificates, expected, when) ->
                new SnpVerifier(SnpRoots.AMD, KNOWN)
                    .verify(
                        new SnpReportParser().parse(bytes),
                        certificates,
                        RevocationLists.NONE,
                        expected,
                        when)));
  }

  /** Of an HCL report that is a list of numbers. */
  private static ByteString reportIn(String json) {
    return AzureHclReport.reportIn(
        StrictJson.parse(json, Vectors.bytes(json), 1 << 16).bytes("report"));
  }

  private static void tdx(List<Sample> all, String name, ByteString quote, Instant at) {
    all.add(
        new Sample(
            "tdx " + name,
            "tdx",
            quote,
            List.of(),
            at,
            new TdxQuoteParser().parse(quote).body().reportData(),
            (bytes, certificates, expected, when) ->
                new TdxVerifier(Set.of(TdxVerifier.INTEL), KNOWN)
                    .verify(
                        new TdxQuoteParser().parse(bytes), TdxCollateral.NONE, expected, when)));
  }

  private static void sgx(List<Sample> all, String name, ByteString quote, Instant at) {
    all.add(
        new Sample(
            "sgx " + name,
            "sgx",
            quote,
            List.of(),
            at,
            new SgxQuoteParser().parse(quote).body().reportData(),
            (bytes, certificates, expected, when) ->
                new SgxVerifier(Set.of(TdxVerifier.INTEL), KNOWN)
                    .verify(
                        new SgxQuoteParser().parse(bytes), TdxCollateral.NONE, expected, when)));
  }

  private static void nitro(List<Sample> all, String name, ByteString document, Instant at) {
    all.add(
        new Sample(
            "nitro " + name,
            "nitro",
            document,
            List.of(),
            at,
            new NitroDocumentParser().parse(document).unverified().userData(),
            (bytes, certificates, expected, when) ->
                new NitroVerifier(Set.of(NitroVerifier.AWS), KNOWN)
                    .verify(new NitroDocumentParser().parse(bytes), expected, when)));
  }

  /** The signed structure; its key and registers are those of the sample. */
  private static void tpm(List<Sample> all) {
    TpmQuote quote = new TpmEvidenceParser().parse(Vectors.bytes(TRUSTEE + "tpm_evidence.json"));
    TpmKey key = Objects.requireNonNull(quote.key());
    List<ByteString> pcrs = List.copyOf(quote.pcrs().values());
    all.add(
        new Sample(
            "tpm2 trustee",
            "tpm2",
            quote.signed(),
            List.of(),
            JUNE_2024,
            quote.extraData(),
            (bytes, certificates, expected, when) ->
                new TpmVerifier()
                    .verify(
                        new TpmQuoteParser().parse(bytes, quote.signature(), pcrs, key),
                        new TpmAnchor.PinnedKey(key.fingerprint()),
                        expected)));
  }

  private static List<X509Certificate> with(X509Certificate leaf, List<X509Certificate> issuers) {
    return Stream.concat(Stream.of(leaf), issuers.stream()).toList();
  }

  @ParameterizedTest
  @MethodSource("samples")
  void isGenuineOverItsOwnReportDataOnly(Sample sample) {
    assertThat(genuine(sample.verify(sample.bytes()))).isNotNull();
    byte[] old = sample.reportData().toByteArray();
    if (old.length == 0) {
      old = new byte[1];
    }
    old[old.length - 1] ^= 1;
    bad(Reason.EVIDENCE_REPORT_DATA_WRONG, over(sample, ByteString.copyFrom(old)));
    for (Sample other : samples()) {
      if (other.kind().equals(sample.kind()) && !other.reportData().equals(sample.reportData())) {
        bad(Reason.EVIDENCE_REPORT_DATA_WRONG, over(sample, other.reportData()));
      }
    }
  }

  private static Verification<?> over(Sample sample, ByteString reportData) {
    return sample
        .check()
        .verify(
            sample.bytes(),
            sample.chain(),
            new ExpectedReportData.Exactly(reportData),
            sample.at());
  }

  @ParameterizedTest
  @MethodSource("samples")
  void everyChangeIsRefused(Sample sample) {
    Mutations.allRefused(sample.bytes(), sample::verify);
  }

  @ParameterizedTest
  @MethodSource("samples")
  void nothingWithACertificateHoldsIn2060(Sample sample) {
    if (!sample.kind().equals("tpm2")) {
      bad(
          Reason.EVIDENCE_CERTIFICATE_EXPIRED,
          sample
              .check()
              .verify(
                  sample.bytes(),
                  sample.chain(),
                  new ExpectedReportData.Exactly(sample.reportData()),
                  IN_2060));
    }
  }

  @ParameterizedTest
  @MethodSource("samples")
  void anothersChainIsRefused(Sample sample) {
    for (Sample other : samples()) {
      if (other.kind().equals(sample.kind()) && !other.name().equals(sample.name())) {
        requireRefused(
            sample,
            switch (sample.kind()) {
              case "tdx", "sgx" -> spliced(sample.bytes(), other.bytes());
              case "nitro" -> crossed(sample.bytes(), other.bytes());
              default -> sample.bytes();
            },
            other.chain());
      }
    }
  }

  private static void requireRefused(Sample sample, ByteString bytes, List<X509Certificate> chain) {
    try {
      assertThat(
              sample
                  .check()
                  .verify(
                      bytes,
                      chain,
                      new ExpectedReportData.Exactly(sample.reportData()),
                      sample.at()))
          .isNotInstanceOf(Verification.Genuine.class);
    } catch (RefusedException e) {
      assertThat(e.reason()).isEqualTo(Reason.INVALID_EVIDENCE);
    }
  }

  /** Another machine's certificates, with the size that they then have. */
  private static ByteString spliced(ByteString quote, ByteString other) {
    int at = pem(quote);
    ByteString theirs = other.substring(pem(other));
    byte[] head = quote.substring(0, at).toByteArray();
    java.nio.ByteBuffer.wrap(head)
        .order(java.nio.ByteOrder.LITTLE_ENDIAN)
        .putInt(at - 4, theirs.size());
    return ByteString.copyFrom(head).concat(theirs);
  }

  private static int pem(ByteString quote) {
    int at = quote.toString(StandardCharsets.ISO_8859_1).indexOf("-----BEGIN");
    assertThat(at).isPositive();
    return at;
  }

  /** Signed by one machine, over the payload of another. */
  private static ByteString crossed(ByteString document, ByteString other) {
    int signature = 96;
    return document
        .substring(0, document.size() - signature)
        .concat(other.substring(other.size() - signature));
  }

  @Test
  void samplesAreThere() {
    assertThat(samples()).hasSize(14);
  }
}
