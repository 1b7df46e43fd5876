package io.parley.shim;

import io.parley.seal.HpkeSuite;
import io.parley.shim.attest.EnclaveKeys;
import io.parley.shim.measure.MeasuredApps;
import io.parley.wire.RefusedException;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.SortedMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * What needs no job: keys, environment tests and the apps' measurement, each on its own thread from
 * the moment the enclave starts.
 */
final class Preparation implements AutoCloseable {
  private static final Duration CLOSE_MAX = Duration.ofSeconds(10);

  private final SecureRandom random;
  private final Future<EnclaveKeys> keys;
  private final Future<SortedMap<String, String>> tests;
  private final Future<MeasuredApps> apps;

  private Preparation(ShimParts parts) {
    Folders folders = parts.folders();
    random = parts.random();
    keys = Tasks.start("keys", () -> EnclaveKeys.generate(random));
    tests = Tasks.start("tests", parts.environmentTests()::get);
    apps = Tasks.start("measure", () -> MeasuredApps.of(folders.appSource(), folders.app()));
  }

  static Preparation start(ShimParts parts) {
    return new Preparation(parts);
  }

  /** With a receive key of the suite that the agreement names. The caller's to close. */
  EnclaveKeys keys(HpkeSuite suite) {
    return Tasks.get(keys).receivingWith(suite, random);
  }

  SortedMap<String, String> tests() {
    return Tasks.get(tests);
  }

  /**
   * The measured apps.
   *
   * @throws RefusedException APP_NOT_FOUND when the host gave none
   */
  MeasuredApps apps() {
    return Tasks.get(apps);
  }

  /** Waits until nothing of it writes any more: folders that are wiped stay empty. */
  @Override
  public void close() {
    try {
      var unused = apps.get(CLOSE_MAX.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException | TimeoutException e) {
      // Whoever needs the apps is told why there are none.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
