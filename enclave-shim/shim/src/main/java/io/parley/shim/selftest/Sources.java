package io.parley.shim.selftest;

import java.security.SecureRandom;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Arrays;

/** Randomness and time: coarse checks that catch a source that is missing or stuck, no more. */
final class Sources {
  private static final int SAMPLE_BYTES = 2500;
  // FIPS 140-2, section 4.9.1, the monobit test over 20,000 bits.
  private static final int ONES_MIN = 9725;
  private static final int ONES_MAX = 10275;
  private static final Instant EARLIEST = Instant.parse("2026-01-01T00:00:00Z");
  private static final Instant LATEST = Instant.parse("2100-01-01T00:00:00Z");

  private Sources() {}

  static String randomness(SecureRandom random) {
    byte[] one = new byte[SAMPLE_BYTES];
    byte[] other = new byte[SAMPLE_BYTES];
    random.nextBytes(one);
    random.nextBytes(other);
    int ones = 0;
    for (byte b : one) {
      ones += Integer.bitCount(b & 0xff);
    }
    if (Arrays.equals(one, other) || ones <= ONES_MIN || ones >= ONES_MAX) {
      return EnvironmentTests.failed("the random source repeats itself or is biased");
    }
    return EnvironmentTests.PASSED;
  }

  static String clock(InstantSource clock) {
    long before = System.nanoTime();
    Instant now = clock.instant();
    if (now.isBefore(EARLIEST) || now.isAfter(LATEST)) {
      return EnvironmentTests.failed("the clock says " + now);
    }
    return System.nanoTime() >= before
        ? EnvironmentTests.PASSED
        : EnvironmentTests.failed("the monotonic clock runs backwards");
  }
}
