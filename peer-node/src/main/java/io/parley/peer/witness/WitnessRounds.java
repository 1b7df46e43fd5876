package io.parley.peer.witness;

import io.parley.wire.ParleyException;
import io.parley.wire.Reason;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lets the witness make its rounds: at start, every few seconds, and soon after this node caused an
 * entry. Thread-safe.
 */
public final class WitnessRounds implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(WitnessRounds.class);
  private static final Duration EVERY = Duration.ofSeconds(5);
  private static final Duration CLOSE_MAX = Duration.ofSeconds(10);

  private final LogWitness witness;
  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().name("witness").daemon().factory());
  private final AtomicBoolean asked = new AtomicBoolean();
  private @Nullable Reason lastFailure;
  private volatile boolean closed;

  public WitnessRounds(LogWitness witness) {
    this.witness = witness;
  }

  /** Begins; returns at once. */
  public void start() {
    Future<?> _ =
        timer.scheduleWithFixedDelay(this::round, 0, EVERY.toMillis(), TimeUnit.MILLISECONDS);
  }

  /** Once more, as soon as possible; many calls in a row become one. */
  public void soon() {
    if (!closed && asked.compareAndSet(false, true)) {
      try {
        Future<?> _ = timer.submit(this::round);
      } catch (RejectedExecutionException e) {
        LOG.debug("closed meanwhile", e);
      }
    }
  }

  /** Ends; no round runs any more when this returns, unless it hangs in a call. */
  @Override
  public void close() {
    closed = true;
    timer.shutdownNow();
    try {
      if (!timer.awaitTermination(CLOSE_MAX.toMillis(), TimeUnit.MILLISECONDS)) {
        LOG.warn("a round of the witness still runs {} after it was broken off", CLOSE_MAX);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void round() {
    asked.set(false);
    try {
      witness.round();
      lastFailure = null;
    } catch (ParleyException e) {
      // Once, not every few seconds; and an absent broker is nothing that a witness has to say.
      if (!closed && e.reason() != lastFailure && e.reason() != Reason.BROKER_UNAVAILABLE) {
        LOG.warn("the broker's log could not be witnessed: {}: {}", e.reason(), e.getMessage());
      }
      lastFailure = e.reason();
    } catch (RuntimeException e) {
      if (!closed) {
        LOG.error("the broker's log could not be witnessed", e);
      }
    }
  }
}
