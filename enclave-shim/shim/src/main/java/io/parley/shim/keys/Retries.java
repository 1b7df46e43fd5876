package io.parley.shim.keys;

import io.parley.wire.EnvironmentException;
import io.parley.wire.ParleyException;
import io.parley.wire.Reason;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;

/**
 * How often the broker is asked again, when it is away or was started anew; a refusal is final.
 *
 * @param attempts in all
 * @param firstPause doubles after each attempt, up to {@code longestPause}
 */
public record Retries(int attempts, Duration firstPause, Duration longestPause) {
  /** About 20 s in all: a broker that is restarted is back by then. */
  public static final Retries PATIENT =
      new Retries(12, Duration.ofMillis(100), Duration.ofSeconds(3));

  /**
   * Asks while the broker is away.
   *
   * @throws ParleyException what it said in the end
   */
  public <T> T whileAway(Supplier<T> call) {
    return again(call, Set.of(Reason.BROKER_UNAVAILABLE));
  }

  <T> T again(Supplier<T> call, Set<Reason> worthAnother) {
    for (int attempt = 0; ; attempt++) {
      try {
        return call.get();
      } catch (ParleyException e) {
        if (attempt + 1 >= attempts || !worthAnother.contains(e.reason())) {
          throw e;
        }
        sleep(pause(attempt));
      }
    }
  }

  Duration pause(int attempt) {
    Duration pause = firstPause.multipliedBy(1L << Math.min(attempt, 20));
    return pause.compareTo(longestPause) < 0 ? pause : longestPause;
  }

  private static void sleep(Duration pause) {
    try {
      Thread.sleep(pause);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new EnvironmentException(
          Reason.CANCELLED, "stopped while waiting for the broker", Map.of(), e);
    }
  }
}
