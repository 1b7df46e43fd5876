package io.parley.broker.evidence;

import com.google.protobuf.ByteString;
import io.parley.broker.evidence.trust.Hex;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What an Azure confidential machine vouches for, by two signatures: the processor's over the
 * paravisor, and over the key of the TPM that the paravisor runs; and that TPM's over the guest.
 *
 * @param report the processor's; its measurement is the paravisor's, not the guest's
 * @param quote the TPM's
 * @param userData that the guest had put into the report
 * @param configuration of the machine, as the paravisor tells it
 */
public record AzureVtpmClaims(
    SnpClaims report, TpmClaims quote, ByteString userData, SortedMap<String, String> configuration)
    implements PlatformClaims {
  /** Kind of evidence. */
  public static final String KIND = "azure-vtpm";

  public AzureVtpmClaims {
    configuration = Collections.unmodifiableSortedMap(new TreeMap<>(configuration));
  }

  @Override
  public String kind() {
    return KIND;
  }

  @Override
  public Map<String, Object> fields() {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("report", report.fields());
    fields.put("quote", quote.fields());
    fields.put("user_data", Hex.of(userData));
    fields.put("configuration", configuration);
    return fields;
  }
}
