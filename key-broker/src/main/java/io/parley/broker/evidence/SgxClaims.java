package io.parley.broker.evidence;

import com.google.protobuf.ByteString;
import io.parley.broker.evidence.TdxClaims.Tcb;
import io.parley.broker.evidence.trust.Hex;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What an Intel machine vouches for about an SGX enclave on it.
 *
 * @param debug whether the host may read and write the enclave's memory
 * @param fmspc which kind of platform it is
 * @param tcb how new it is, as Intel's collateral has it
 */
public record SgxClaims(
    int quoteVersion,
    boolean debug,
    ByteString fmspc,
    Tcb tcb,
    ByteString mrEnclave,
    ByteString mrSigner,
    int productId,
    int svn,
    ByteString attributes,
    ByteString miscSelect,
    ByteString cpuSvn,
    ByteString configId,
    int configSvn,
    ByteString extendedProductId,
    ByteString familyId,
    ByteString reportData,
    Revocation revocation)
    implements PlatformClaims {
  /** Kind of evidence. */
  public static final String KIND = "sgx";

  @Override
  public String kind() {
    return KIND;
  }

  @Override
  public Map<String, Object> fields() {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("quote_version", quoteVersion);
    fields.put("debug", debug);
    fields.put("fmspc", Hex.of(fmspc));
    fields.putAll(tcb.fields());
    fields.put("mr_enclave", Hex.of(mrEnclave));
    fields.put("mr_signer", Hex.of(mrSigner));
    fields.put("isv_prod_id", productId);
    fields.put("isv_svn", svn);
    fields.put("attributes", Hex.of(attributes));
    fields.put("misc_select", Hex.of(miscSelect));
    fields.put("cpu_svn", Hex.of(cpuSvn));
    fields.put("config_id", Hex.of(configId));
    fields.put("config_svn", configSvn);
    fields.put("isv_ext_prod_id", Hex.of(extendedProductId));
    fields.put("isv_family_id", Hex.of(familyId));
    fields.put("report_data", Hex.of(reportData));
    fields.put("revocation", revocation.name());
    return fields;
  }
}
