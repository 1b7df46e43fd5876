package io.parley.agreement;

import io.parley.agreement.platform.PlatformPolicy;
import io.parley.seal.HpkeSuite;
import io.parley.wire.Digest;
import io.parley.wire.Problems;
import io.parley.wire.Reason;
import io.parley.wire.StrictMessages;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What an enclave's evidence must equal. Nothing in it may be empty: what is not named is not
 * accepted.
 *
 * @param evidence kinds of evidence; sorted
 * @param platforms what each hardware kind among them must show, by kind; sorted
 * @param shim SHA-256 of shim manifests, one of which it must be; sorted
 * @param tests outcome that each environment test must have, by name; sorted
 * @param isolation levels; sorted
 * @param hpke suite of the keys that enclaves receive data keys with
 */
public record Environment(
    List<String> evidence,
    List<PlatformPolicy> platforms,
    List<Digest> shim,
    Map<String, String> tests,
    List<String> isolation,
    HpkeSuite hpke) {
  /** Every test that an enclave reports, with the outcome it has where nothing is weakened. */
  public static final Map<String, String> STRICT_TESTS =
      sorted(
          Map.of(
              "network", "denied",
              "host_files", "denied",
              "exec", "denied",
              "ptrace", "denied",
              "other_pids", "denied",
              "core_dumps", "denied",
              "memory_cap", "passed",
              "crypto", "passed",
              "randomness", "passed",
              "clock", "passed"));

  /** With X-Wing, which holds against quantum computers too. */
  public Environment(
      List<String> evidence, List<Digest> shim, Map<String, String> tests, List<String> isolation) {
    this(evidence, shim, tests, isolation, HpkeSuite.XWING);
  }

  /** Without hardware. */
  public Environment(
      List<String> evidence,
      List<Digest> shim,
      Map<String, String> tests,
      List<String> isolation,
      HpkeSuite hpke) {
    this(evidence, List.of(), shim, tests, isolation, hpke);
  }

  public Environment {
    platforms = platforms.stream().sorted(Comparator.comparing(PlatformPolicy::kind)).toList();
    evidence = evidence.stream().sorted().toList();
    shim = shim.stream().sorted(Comparator.comparing(Digest::hex)).toList();
    tests = sorted(tests);
    isolation = isolation.stream().sorted().toList();
    Problems problems = new Problems();
    Rules rules = new Rules(problems);
    rules.evidence("evidence", evidence);
    rules.platforms(evidence, platforms);
    rules.shim("shim", shim);
    rules.tests("tests", tests);
    rules.isolation("isolation", isolation);
    problems.throwIfAny(Reason.INVALID_AGREEMENT, "environment");
  }

  /** SHA-256 of its exact bytes: equal for environments that demand the same. */
  public Digest digest() {
    return Digest.of(StrictMessages.encode(AgreementWriter.environment(this)));
  }

  /** What the hardware of this kind must show; empty where it is not accepted. */
  public Optional<PlatformPolicy> platform(String kind) {
    return platforms.stream().filter(policy -> policy.kind().equals(kind)).findFirst();
  }

  private static Map<String, String> sorted(Map<String, String> map) {
    return Collections.unmodifiableMap(new TreeMap<>(map));
  }
}
