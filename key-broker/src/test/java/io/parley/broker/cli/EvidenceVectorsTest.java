package io.parley.broker.cli;

import static io.parley.broker.evidence.Vectors.GO_SEV;
import static io.parley.broker.evidence.Vectors.GO_TDX;
import static io.parley.broker.evidence.Vectors.NITRO;
import static io.parley.broker.evidence.Vectors.PHALA;
import static io.parley.broker.evidence.Vectors.TRUSTEE;
import static io.parley.broker.evidence.Vectors.TRUSTEE_SNP;
import static org.assertj.core.api.Assertions.assertThat;

import io.parley.broker.evidence.Vectors;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

/** The command over real evidence, as the vectors' manifest says that it must answer. */
final class EvidenceVectorsTest {
  private static final String CHAIN = " --chain ";
  private static final String COLLATERAL = " --collateral ";
  private static final String MILAN = CHAIN + TRUSTEE_SNP + "milan_ask_ark_asvk.pem ";

  private static final String GENOA = CHAIN + TRUSTEE_SNP + "genoa_ask_ark_asvk.pem ";
  private static final String AZURE = TRUSTEE + "az-snp-vtpm/";

  @BeforeAll
  static void present() {
    Vectors.assumePresent();
  }

  @ParameterizedTest
  @CsvSource({
    "0, a1f39304, sev-snp 2024-06-01 --chain "
        + TRUSTEE
        + "snp/test-vcek.der"
        + MILAN
        + TRUSTEE
        + "snp/test-report.bin",
    "3, EVIDENCE_CHAIN_WRONG, sev-snp 2024-06-01 --chain "
        + TRUSTEE
        + "snp/test-vcek-invalid-legacy.der"
        + MILAN
        + TRUSTEE
        + "snp/test-report.bin",
    "3, EVIDENCE_DEBUG, sev-snp 2022-09-24T12:00:00Z --chain "
        + GO_SEV
        + "testdata/vcek.testcer"
        + CHAIN
        + GO_SEV
        + "testdata/milan.testcer "
        + GO_SEV
        + "testdata/attestation.bin",
    "3, EVIDENCE_CHAIN_WRONG, sev-snp 2022-09-24T12:00:00Z --chain "
        + GO_SEV
        + "testdata/vcek.testcer"
        + CHAIN
        + GO_SEV
        + "testdata/milanvlek.testcer "
        + GO_SEV
        + "testdata/attestation.bin",
    "0, milan, sev-snp 2024-06-01 --chain "
        + TRUSTEE
        + "az-snp-vtpm/vcek.pem "
        + TRUSTEE
        + "az-snp-vtpm/hcl-report.bin",
    "0, UpToDate, tdx 2025-06-19T12:00:00Z"
        + COLLATERAL
        + PHALA
        + "tdx_quote_collateral.json "
        + PHALA
        + "tdx_quote",
    "3, EVIDENCE_COLLATERAL_EXPIRED, tdx 2025-09-17T12:00:00Z"
        + COLLATERAL
        + PHALA
        + "tdx_quote_collateral.json "
        + PHALA
        + "tdx_quote",
    "0, 7ba9e262, tdx 2025-06-19 " + PHALA + "tdx-quote.hex",
    "3, EVIDENCE_PLATFORM_WRONG, tdx 2024-06-01 " + TRUSTEE + "occlum_quote.dat",
    "3, EVIDENCE_DEBUG, tdx 2024-06-01 " + TRUSTEE + "tdx_quote_4.dat",
    "0, dfba221b, tdx 2024-06-01 " + TRUSTEE + "tdx_quote_5.dat",
    "0, 7348651a, tdx 2026-02-03 " + GO_TDX + "quote_v5_sample.dat",
    "3, refused, tdx 2023-07-01 " + GO_TDX + "report.dat",
    "0, 6363b804, tdx 2023-07-01 " + GO_TDX + "tdx_prod_quote_SPR_E4.dat",
    "3, EVIDENCE_CERTIFICATE_EXPIRED, tdx 2053-07-01 " + GO_TDX + "tdx_prod_quote_SPR_E4.dat",
    "3, refused, tdx 2023-07-01"
        + COLLATERAL
        + GO_TDX
        + "sample_tcbInfo_response"
        + COLLATERAL
        + GO_TDX
        + "sample_qeIdentity_response "
        + GO_TDX
        + "tdx_prod_quote_SPR_E4.dat",
    "3, EVIDENCE_DEBUG, nitro 1695050165 " + NITRO + "valid-attestation-doc-base64",
    "3, EVIDENCE_CERTIFICATE_EXPIRED, nitro 2026-11-21 " + NITRO + "valid-attestation-doc-base64",
    "0, f4d48b81, nitro 2022-10-13T08:58:02Z " + NITRO + "beta/valid-attestation-doc-bytes",
    "3, EVIDENCE_ATTESTATION_KEY_UNBOUND, tpm2 2024-06-01 " + TRUSTEE + "tpm_evidence.json",
    "0, 6a063be9, azure-vtpm 2025-06-01" + MILAN + AZURE + "evidence-v0.json",
    "0, 6a063be9, azure-vtpm 2025-06-01" + MILAN + AZURE + "evidence-v1.json",
    "0, 5b0ce64a, azure-vtpm 2025-06-01" + MILAN + AZURE + "evidence-v2.json",
    "0, f57dc09a, azure-vtpm 2025-06-01" + GENOA + AZURE + "evidence-genoa.json",
    "3, EVIDENCE_PRODUCT_WRONG, azure-vtpm 2025-06-01" + GENOA + AZURE + "evidence-v2.json",
    "3, EVIDENCE_CERTIFICATE_EXPIRED, azure-vtpm 2060-01-01" + MILAN + AZURE + "evidence-v2.json",
    "3, EVIDENCE_COLLATERAL_MISSING, azure-vtpm 2025-06-01 " + AZURE + "evidence-v2.json",
    "3, refused, azure-vtpm 2025-06-01" + MILAN + AZURE + "hcl-report.bin",
    "3, refused, azure-vtpm 2025-06-01" + MILAN + AZURE + "tpm-quote-v1.json",
    "3, seen ConfigurationAndSWHardeningNeeded, sgx 2025-06-19T12:00:00Z"
        + COLLATERAL
        + PHALA
        + "sgx_quote_collateral.json "
        + PHALA
        + "sgx_quote",
    "0, 33d8736d, sgx 2025-06-19 " + PHALA + "sgx_quote",
    "3, EVIDENCE_DEBUG, sgx 2024-06-01 " + TRUSTEE + "occlum_quote.dat",
    "3, EVIDENCE_PLATFORM_WRONG, sgx 2024-06-01 " + TRUSTEE + "tdx_quote_5.dat",
  })
  void answersAsTheManifestSays(int code, String said, String arguments) {
    String[] words = arguments.strip().split(" +");
    List<String> all = new ArrayList<>(List.of("verify", "--kind", words[0], "--at", words[1]));
    for (String word : List.of(words).subList(2, words.length)) {
      all.add(word.startsWith("--") ? word : Vectors.path(word).toString());
    }
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    int seen =
        new CommandLine(EvidenceCommands.class)
            .setOut(new PrintWriter(out))
            .setErr(new PrintWriter(err))
            .execute(all.toArray(String[]::new));
    assertThat(seen).as(err.toString()).isEqualTo(code);
    assertThat(code == 0 ? out.toString() : err.toString()).contains(said);
  }
}
