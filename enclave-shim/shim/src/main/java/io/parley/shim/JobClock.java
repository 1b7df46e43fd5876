package io.parley.shim;

import java.time.Duration;
import java.util.function.LongSupplier;

/** How much of the job's time is left, on a clock that nobody can set. Immutable. */
final class JobClock {
  private final LongSupplier nanos;
  private final long startNanos;
  private final Duration limit;

  JobClock(LongSupplier nanos, Duration limit) {
    this.nanos = nanos;
    this.startNanos = nanos.getAsLong();
    this.limit = limit;
  }

  Duration elapsed() {
    return Duration.ofNanos(nanos.getAsLong() - startNanos);
  }

  /** Never negative. */
  Duration left() {
    Duration left = limit.minus(elapsed());
    return left.isNegative() ? Duration.ZERO : left;
  }
}
