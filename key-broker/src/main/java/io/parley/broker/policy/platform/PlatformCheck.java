package io.parley.broker.policy.platform;

import io.parley.agreement.platform.NitroPolicy;
import io.parley.agreement.platform.PlatformPolicy;
import io.parley.agreement.platform.SevSnpPolicy;
import io.parley.agreement.platform.TdxPolicy;
import io.parley.agreement.platform.TpmPolicy;
import io.parley.broker.evidence.NitroClaims;
import io.parley.broker.evidence.PlatformClaims;
import io.parley.broker.evidence.SnpClaims;
import io.parley.broker.evidence.TdxClaims;
import io.parley.broker.evidence.TpmClaims;
import io.parley.wire.BugException;
import java.util.List;

/**
 * A policy made ready to be compared with the claims of its kind of platform. Evidence is allowed
 * when no comparison differs.
 */
public sealed interface PlatformCheck permits NitroCheck, SnpCheck, TdxCheck, TpmCheck {
  /** Where strict defaults come from, for people. */
  String DEFAULT = "default";

  /** The kind of evidence that it is about. */
  String kind();

  /**
   * To compare with any platform, not an enclave's of a job.
   *
   * @param source where each expectation comes from
   */
  static PlatformCheck of(PlatformPolicy policy, PolicySource source) {
    return switch (policy) {
      case SevSnpPolicy snp -> SnpCheck.of(snp, source);
      case TdxPolicy tdx -> TdxCheck.of(tdx, source);
      case NitroPolicy nitro -> NitroCheck.of(nitro, source);
      case TpmPolicy tpm -> TpmCheck.of(tpm, source);
    };
  }

  /**
   * To compare with the platform of an enclave, for a job.
   *
   * @param source where each expectation comes from
   */
  static PlatformCheck ofEnclave(PlatformPolicy policy, PolicySource source) {
    return policy instanceof TpmPolicy tpm ? TpmCheck.ofEnclave(tpm, source) : of(policy, source);
  }

  /**
   * Claim by claim.
   *
   * @param claims of this kind
   */
  default List<Comparison> compareAll(PlatformClaims claims) {
    return switch (this) {
      case SnpCheck check when claims instanceof SnpClaims snp -> check.compare(snp);
      case TdxCheck check when claims instanceof TdxClaims tdx -> check.compare(tdx);
      case NitroCheck check when claims instanceof NitroClaims nitro -> check.compare(nitro);
      case TpmCheck check when claims instanceof TpmClaims tpm -> check.compare(tpm);
      case SnpCheck _, TdxCheck _, NitroCheck _, TpmCheck _ ->
          throw new BugException("claims of %s against %s".formatted(claims.kind(), kind()));
    };
  }

  /** By default no one but the enclave may look inside. */
  static Expected<Boolean> refused() {
    return new Expected.OneOf<>(List.of(false), DEFAULT);
  }
}
