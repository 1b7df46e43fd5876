package io.parley.broker.evidence;

import java.util.Map;

/**
 * What a platform vouches for, in its kind's own words. A value: that it was verified is said by
 * the {@link Verification.Genuine} that it comes in.
 */
public sealed interface PlatformClaims
    permits AzureVtpmClaims, NitroClaims, SgxClaims, SnpClaims, TdxClaims, TpmClaims {
  /** The kind of evidence. */
  String kind();

  /** Every claim by its name, for people and scripts; bytes as lower-case hex digits. */
  Map<String, Object> fields();
}
