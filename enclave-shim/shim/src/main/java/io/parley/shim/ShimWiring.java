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

  /** What a shim was seen to use with full buffers, with room to spare. */
  private static final long OWN_BYTES = 160L << 20;

  private ShimWiring() {}

  static Shim ofSandbox() {
    SecureRandom random = new SecureRandom();
    return new Shim(
        new ShimParts(
            Folders.OF_SANDBOX,
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
