package io.parley.shim;

import io.parley.seal.HpkeSuite;
import io.parley.shim.attest.EnclaveKeys;
import io.parley.shim.measure.AppMeasurement;
import io.parley.shim.measure.MeasuredApp;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.Map;
import java.util.SortedMap;
import java.util.concurrent.Future;

/**
 * What needs no job: keys, environment tests and the app's measurement, each on its own thread from
 * the moment the enclave starts.
 */
final class Preparation {
  private final Path appSource;
  private final SecureRandom random;
  private final Future<EnclaveKeys> keys;
  private final Future<SortedMap<String, String>> tests;
  private final Future<MeasuredApp> app;

  private Preparation(ShimParts parts) {
    Folders folders = parts.folders();
    appSource = folders.appSource();
    random = parts.random();
    keys = Tasks.start("keys", () -> EnclaveKeys.generate(random));
    tests = Tasks.start("tests", parts.environmentTests()::get);
    app =
        Files.isDirectory(appSource)
            ? Tasks.start("measure", () -> AppMeasurement.copy(appSource, folders.app()))
            : Tasks.start("measure", this::noApp);
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
   * The measured app.
   *
   * @throws RefusedException APP_NOT_FOUND when the host gave none
   */
  MeasuredApp app() {
    return Tasks.get(app);
  }

  private MeasuredApp noApp() {
    throw new RefusedException(
        Reason.APP_NOT_FOUND,
        "this enclave computes, and its host gave it no app; add the app to the node",
        Map.of("folder", appSource.toString()));
  }
}
