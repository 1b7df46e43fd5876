package io.parley.peer.enclaves.remote;

import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** The hand-overs of one run: how many at once, and their common end. Thread-safe. */
final class HandedOver {
  /** Most at once: below what one connection may have calls. */
  static final int MAX = 200;

  private static final long DRAIN_SECONDS_MAX = 30;

  /** One of them. */
  interface Part {
    /** Completes when all that the shim wrote is on its way; also when it failed. */
    CompletableFuture<?> drained();

    /** Ends it. Does not block. */
    void abort();
  }

  private final Set<Part> open = new HashSet<>();
  private boolean over;

  /**
   * One more.
   *
   * @throws RefusedException TOO_MANY, or JOB_NOT_RUNNING when the run has ended
   */
  synchronized void add(Part part) {
    if (over) {
      throw new RefusedException(Reason.JOB_NOT_RUNNING, "the enclave has ended");
    }
    if (open.size() >= MAX) {
      throw new RefusedException(
          Reason.TOO_MANY,
          "%d descriptors of one enclave are open already".formatted(MAX),
          Map.of("limit", Integer.toString(MAX)));
    }
    open.add(part);
  }

  synchronized void remove(Part part) {
    open.remove(part);
  }

  /** Waits until nothing is left that an ended enclave had written, or nobody takes it. */
  void awaitDrained() {
    CompletableFuture<?>[] all =
        parts().stream().map(Part::drained).toArray(CompletableFuture<?>[]::new);
    try {
      CompletableFuture.allOf(all).get(DRAIN_SECONDS_MAX, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (ExecutionException | TimeoutException e) {
      // Its reader is gone or does not read, and that is the reader's loss.
    }
  }

  /** Ends what is left, and lets no more in. */
  void abort() {
    synchronized (this) {
      over = true;
    }
    parts().forEach(Part::abort);
  }

  private synchronized List<Part> parts() {
    return new ArrayList<>(open);
  }
}
