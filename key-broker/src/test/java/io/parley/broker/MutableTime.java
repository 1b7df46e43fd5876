package io.parley.broker;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.atomic.AtomicReference;

/** A wall clock and a monotonic one, each moved by hand. */
public final class MutableTime implements InstantSource {
  private final AtomicReference<Instant> now;
  private final AtomicReference<Duration> since = new AtomicReference<>(Duration.ZERO);

  public MutableTime(Instant start) {
    this.now = new AtomicReference<>(start);
  }

  @Override
  public Instant instant() {
    return now.get();
  }

  public long nanoTime() {
    // Close to its end on purpose: it may wrap.
    return Long.MAX_VALUE - Duration.ofMinutes(1).toNanos() + since.get().toNanos();
  }

  /** Moves the wall clock alone, as an administrator could. */
  public void set(Instant instant) {
    now.set(instant);
  }

  /** Time goes by on both. */
  public void pass(Duration duration) {
    now.updateAndGet(instant -> instant.plus(duration));
    since.updateAndGet(before -> before.plus(duration));
  }
}
