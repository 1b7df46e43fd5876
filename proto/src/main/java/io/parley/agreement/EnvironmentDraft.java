package io.parley.agreement;

import io.parley.agreement.platform.PlatformPolicy;
import io.parley.seal.HpkeSuite;
import io.parley.wire.Digest;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/**
 * An environment whose shim may still be "the one here".
 *
 * @param shim empty: the shim of the installation that drafts
 */
record EnvironmentDraft(
    List<String> evidence,
    List<PlatformPolicy> platforms,
    List<Digest> shim,
    Map<String, String> tests,
    List<String> isolation,
    HpkeSuite hpke) {
  EnvironmentDraft {
    evidence = List.copyOf(evidence);
    platforms = List.copyOf(platforms);
    shim = List.copyOf(shim);
    tests = Map.copyOf(tests);
    isolation = List.copyOf(isolation);
  }

  Environment resolve(Supplier<Digest> localShim) {
    return new Environment(
        evidence,
        platforms,
        shim.isEmpty() ? List.of(localShim.get()) : shim,
        tests,
        isolation,
        hpke);
  }
}
