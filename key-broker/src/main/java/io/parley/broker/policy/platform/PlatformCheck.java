package io.parley.broker.policy.platform;

import io.parley.agreement.platform.NitroPolicy;
import io.parley.agreement.platform.PlatformPolicy;
import io.parley.agreement.platform.SevSnpPolicy;
import io.parley.agreement.platform.TdxPolicy;
import io.parley.agreement.platform.TpmPolicy;
import io.parley.wire.Digest;
import java.util.List;
import java.util.Map;
import java.util.Set;

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

  /** In place of the vendor's, where there are any. */
  static Set<Digest> rootsOr(Map<String, Digest> roots, Digest vendor) {
    return roots.isEmpty() ? Set.of(vendor) : Set.copyOf(roots.values());
  }

  /** By default no one but the enclave may look inside. */
  static Expected<Boolean> refused() {
    return new Expected.OneOf<>(List.of(false), DEFAULT);
  }
}
