package io.parley.evidence.tsm;

import com.google.protobuf.ByteString;
import io.parley.wire.EnvironmentException;
import io.parley.wire.Reason;
import java.util.Map;

/**
 * What the kernel gave for one question. Nothing in it has been verified.
 *
 * @param provider the kernel's word for the platform, such as "sev_guest"
 * @param report SEV-SNP's report, or TDX's quote
 * @param auxiliary SEV-SNP: the host's table of certificates, see {@link SnpCertificateTable};
 *     empty where there is none
 */
public record TsmReport(String provider, ByteString report, ByteString auxiliary) {
  private static final Map<String, String> KINDS =
      Map.of("sev_guest", "sev-snp", "tdx_guest", "tdx");

  /**
   * The kind of evidence that it is.
   *
   * @throws EnvironmentException SANDBOX_UNAVAILABLE for a provider of another kind
   */
  public String kind() {
    String kind = KINDS.get(provider);
    if (kind == null) {
      throw new EnvironmentException(
          Reason.SANDBOX_UNAVAILABLE,
          "this machine's reports come from '%s'; expected sev_guest or tdx_guest"
              .formatted(provider),
          Map.of("provider", provider));
    }
    return kind;
  }
}
