package io.parley.broker.evidence.azure;

import com.google.protobuf.ByteString;
import io.parley.broker.evidence.sevsnp.AzureHclReport;
import io.parley.broker.evidence.sevsnp.SnpReportParser;
import io.parley.broker.evidence.tpm2.TpmEvidenceParser;
import io.parley.broker.evidence.trust.Certificates;
import io.parley.broker.evidence.trust.StrictJson;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Set;

/**
 * Reads what attesters on Azure send, as JSON: {@code {"version": 1 or 2, "hcl_report": ...,
 * "tpm_quote": {...}, "vcek": ...}}, or, from the first ones, {@code {"report": ..., "quote":
 * {...}, "vcek": ...}}. The chip's certificate is DER or PEM, and may come some other way.
 * Stateless and thread-safe.
 */
public final class AzureVtpmParser {
  private static final int MAX_BYTES = 128 << 10;
  private static final String VCEK = "vcek";
  private static final String PEM = "-----BEGIN ";
  private static final Set<Integer> VERSIONS = Set.of(1, 2);

  /** Names of the parts. */
  private record Form(String report, String quote, Set<String> keys) {
    static final Form FIRST = new Form("report", "quote", Set.of("report", "quote", VCEK));
    static final Form NUMBERED =
        new Form("hcl_report", "tpm_quote", Set.of("version", "hcl_report", "tpm_quote", VCEK));
  }

  private final TpmEvidenceParser quotes = new TpmEvidenceParser();
  private final SnpReportParser reports = new SnpReportParser();

  /**
   * Reads.
   *
   * @throws io.parley.wire.RefusedException INVALID_EVIDENCE
   */
  public AzureVtpmEvidence parse(ByteString json) {
    StrictJson root = StrictJson.parse("Azure vTPM evidence", json, MAX_BYTES);
    Form form = form(root);
    AzureHclReport hcl = AzureHclReport.parse(root.bytes(form.report()));
    ParavisorData paravisor = ParavisorData.parse(hcl.data());
    return new AzureVtpmEvidence(
        reports.parse(hcl.report()),
        hcl.reportData(),
        paravisor,
        quotes.quote(root.object(form.quote()), paravisor.attestationKey()),
        certificates(root));
  }

  private static Form form(StrictJson root) {
    Form form = root.has("version") ? Form.NUMBERED : Form.FIRST;
    root.requireKeys(form.keys());
    var version = root.object().path("version");
    if (form == Form.NUMBERED && !(version.isInt() && VERSIONS.contains(version.intValue()))) {
      throw root.malformed("version", "is not 1 or 2");
    }
    return form;
  }

  private static List<X509Certificate> certificates(StrictJson root) {
    if (!root.has(VCEK)) {
      return List.of();
    }
    return root.object().path(VCEK).asText().startsWith(PEM)
        ? Certificates.parseCanonicalPem(VCEK, ByteString.copyFromUtf8(root.text(VCEK)))
        : List.of(Certificates.parse(VCEK, root.bytes(VCEK)));
  }
}
