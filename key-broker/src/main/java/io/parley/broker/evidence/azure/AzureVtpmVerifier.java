package io.parley.broker.evidence.azure;

import io.parley.broker.evidence.AzureVtpmClaims;
import io.parley.broker.evidence.ExpectedReportData;
import io.parley.broker.evidence.NotGenuineException;
import io.parley.broker.evidence.SnpClaims;
import io.parley.broker.evidence.Verification;
import io.parley.broker.evidence.sevsnp.SnpVerifier;
import io.parley.broker.evidence.tpm2.TpmAnchor;
import io.parley.broker.evidence.tpm2.TpmVerifier;
import io.parley.broker.evidence.trust.RevocationLists;
import io.parley.wire.Reason;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;

/**
 * Checks that a chip of AMD's vouches for the paravisor's data, that the data came from the highest
 * privilege level, where no guest reaches, and that the TPM whose key it names signed a quote over
 * the expected data.
 *
 * <p>Non-guarantee: which paravisor it is, is told by the report's measurement, which is for
 * policy. Any other program at that level can name a key of its own. Thread-safe.
 */
public final class AzureVtpmVerifier {
  /** What the TPM's key is trusted by. */
  public static final String ANCHOR = "azure-hcl";

  private final SnpVerifier reports;
  private final TpmVerifier quotes = new TpmVerifier();

  public AzureVtpmVerifier(SnpVerifier reports) {
    this.reports = reports;
  }

  /**
   * Checks.
   *
   * @param certificates beside those in the evidence
   * @param lists as for {@link SnpVerifier}
   * @param expected what the quote must have been made over
   */
  public Verification<AzureVtpmClaims> verify(
      AzureVtpmEvidence evidence,
      List<X509Certificate> certificates,
      RevocationLists lists,
      ExpectedReportData expected,
      Instant at) {
    ParavisorData paravisor = evidence.paravisor();
    TpmAnchor anchor =
        new TpmAnchor.Reported(
            paravisor.attestationKey().fingerprint(), ANCHOR, AzureVtpmClaims.KIND);
    return reports
        .verify(
            evidence.report(),
            Stream.concat(evidence.certificates().stream(), certificates.stream()).toList(),
            lists,
            new ExpectedReportData.Exactly(evidence.reportData()),
            at)
        .then(AzureVtpmVerifier::ofTheParavisor)
        .then(report ->
            quotes
                .verify(evidence.quote(), anchor, expected)
                .map(quote ->
                    new AzureVtpmClaims(
                        report, quote, paravisor.userData(), paravisor.configuration())));
  }

  private static Verification<SnpClaims> ofTheParavisor(SnpClaims report) {
    return Verification.of(() -> {
      NotGenuineException.requireEqual(
          Reason.EVIDENCE_VMPL_WRONG,
          "vmpl",
          "the guest itself made the report, so it says nothing about a TPM",
          0L,
          report.vmpl());
      return report;
    });
  }
}
