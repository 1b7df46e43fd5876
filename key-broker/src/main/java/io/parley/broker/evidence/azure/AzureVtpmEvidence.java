package io.parley.broker.evidence.azure;

import com.google.protobuf.ByteString;
import io.parley.broker.evidence.sevsnp.SnpReport;
import io.parley.broker.evidence.tpm2.TpmQuote;
import java.security.cert.X509Certificate;
import java.util.List;

/**
 * Well-formed evidence of one machine; nothing in it has been checked but that it belongs together.
 *
 * @param report the processor's
 * @param reportData what the report must have been made over for the paravisor's data to count
 * @param paravisor that data
 * @param quote with the key that the data names
 * @param certificates that came along
 */
public record AzureVtpmEvidence(
    SnpReport report,
    ByteString reportData,
    ParavisorData paravisor,
    TpmQuote quote,
    List<X509Certificate> certificates) {
  public AzureVtpmEvidence {
    certificates = List.copyOf(certificates);
  }
}
