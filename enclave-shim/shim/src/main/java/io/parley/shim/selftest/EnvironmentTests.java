package io.parley.shim.selftest;

import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Tries what must not work in an enclave, and what must. Each outcome is reported under its name
 * and goes into the evidence, where the broker compares it with the agreement's reference value.
 *
 * <p>An outcome is {@code denied} where something was tried and refused, {@code passed} where
 * something works as it must, and {@code failed: } with a reason otherwise. No test changes
 * anything outside the enclave. They show that these walls stand, not that there is no other hole.
 *
 * <p>Stateless; a run takes some ten milliseconds once the classes are loaded.
 */
public final class EnvironmentTests {
  static final String DENIED = "denied";
  static final String PASSED = "passed";
  private static final int MAX_REASON_CHARS = 120;

  private final InstantSource clock;
  private final SecureRandom random;

  public EnvironmentTests(InstantSource clock, SecureRandom random) {
    this.clock = clock;
    this.random = random;
  }

  /** One test: says how it came out, or throws. */
  @FunctionalInterface
  interface EnvironmentTest {
    String run() throws Exception;
  }

  /** Runs all. Never throws for a test's sake: what breaks a test is its outcome. */
  public SortedMap<String, String> run() {
    SortedMap<String, String> outcomes = new TreeMap<>();
    outcomes.put("network", outcome(Walls::network));
    outcomes.put("host_files", outcome(Walls::hostFiles));
    outcomes.put("exec", outcome(Walls::exec));
    outcomes.put("ptrace", outcome(Walls::ptrace));
    outcomes.put("other_pids", outcome(Walls::otherPids));
    outcomes.put("core_dumps", outcome(Walls::coreDumps));
    outcomes.put("memory_cap", outcome(Walls::memoryCap));
    outcomes.put("crypto", outcome(KnownAnswers::all));
    outcomes.put("randomness", outcome(() -> Sources.randomness(random)));
    outcomes.put("clock", outcome(() -> Sources.clock(clock)));
    return Collections.unmodifiableSortedMap(outcomes);
  }

  static String outcome(EnvironmentTest test) {
    try {
      return test.run();
    } catch (Exception | LinkageError e) {
      return failed(e.getClass().getSimpleName() + ": " + e.getMessage());
    }
  }

  /** In the form that claims carry: printable ASCII, and not long. */
  static String failed(String reason) {
    String printable = reason.replaceAll("[^ -~]", "?");
    return "failed: " + printable.substring(0, Math.min(printable.length(), MAX_REASON_CHARS));
  }
}
