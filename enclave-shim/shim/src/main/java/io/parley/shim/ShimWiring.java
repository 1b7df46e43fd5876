package io.parley.shim;

import io.parley.shim.child.WalledAppRunner;
import io.parley.shim.exchange.Exchange;
import io.parley.shim.keys.Retries;
import io.parley.shim.selftest.EnvironmentTests;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;

/** Puts a shim together, top to bottom. */
final class ShimWiring {
  /** Other enclaves may still start, and their brokers be asked again. */
  private static final Exchange.Patience PATIENCE =
      new Exchange.Patience(Duration.ofSeconds(60), Duration.ofSeconds(45));

  /**
   * Of the enclave's memory, what this process may come to use. Highest resident sets (VmHWM) seen
   * with Temurin 25 on 2 cores: 109 to 127 MiB with 16 rows, 133 MiB while 256 MB of rows (8
   * million, 245 MiB as Arrow) came in, 138 MiB in deploy/bench; a third of each is mapped files. A
   * quarter of the highest on top. A batch is held at a time for each dataset: these were of 2 MiB,
   * and one of the largest size, 64 MiB, takes as much more.
   */
  private static final long OWN_BYTES = 176L << 20;

  private ShimWiring() {}

  static Shim ofSandbox() {
    SecureRandom random = new SecureRandom();
    return new Shim(
        new ShimParts(
            Folders.ofSandbox(random),
            random,
            System::nanoTime,
            new EnvironmentTests(InstantSource.system(), random)::run,
            new WalledAppRunner(),
            Retries.PATIENT,
            PATIENCE,
            OWN_BYTES,
            Runtime.getRuntime().availableProcessors()));
  }
}
