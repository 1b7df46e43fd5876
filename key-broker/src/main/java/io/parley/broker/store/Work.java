package io.parley.broker.store;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/** One caller's work, and what became of it. Waited for by one thread, done by another. */
final class Work<T> {
  private enum Stage {
    WAITING,
    STARTED,
    GIVEN_UP
  }

  private sealed interface Outcome<T> {
    record Done<T>(T value) implements Outcome<T> {}

    record Failed<T>(Throwable cause) implements Outcome<T> {}
  }

  private final Function<Handle, T> work;
  private final long since = System.nanoTime();
  private final AtomicReference<Stage> stage = new AtomicReference<>(Stage.WAITING);
  private final CountDownLatch answered = new CountDownLatch(1);
  private @Nullable Outcome<T> outcome;

  Work(Function<Handle, T> work) {
    this.work = work;
  }

  /** Begins, unless the caller has given up. */
  boolean start() {
    return stage.compareAndSet(Stage.WAITING, Stage.STARTED);
  }

  /** Does it; the outcome is the caller's once {@link #answer} says so. */
  void run(Handle write) {
    outcome = new Outcome.Done<>(work.apply(write));
  }

  /** It failed by itself, or with everything else. */
  void failed(Throwable cause) {
    outcome = new Outcome.Failed<>(cause);
  }

  boolean isDone() {
    return outcome instanceof Outcome.Done<T>;
  }

  boolean hasFailed() {
    return outcome instanceof Outcome.Failed<T>;
  }

  void answer() {
    answered.countDown();
  }

  /**
   * Ends the wait, unless the work has begun: nothing of it happens then.
   *
   * @param why what the caller is told
   */
  void giveUp(Supplier<RuntimeException> why) {
    if (stage.compareAndSet(Stage.WAITING, Stage.GIVEN_UP)) {
      failed(why.get());
      answer();
    }
  }

  /** The same for one that has waited longer than this. */
  void giveUpAfter(Duration max, Supplier<RuntimeException> why) {
    if (System.nanoTime() - since > max.toNanos()) {
      giveUp(why);
    }
  }

  /**
   * Waits for the answer. Once the work has begun there is an answer, and it is waited for however
   * long it takes: only then is it known whether something changed. Before that an interrupt ends
   * the wait.
   *
   * @param gaveUp what to throw then
   */
  T await(Supplier<RuntimeException> gaveUp) {
    boolean interrupted = false;
    try {
      while (true) {
        try {
          answered.await();
          return result();
        } catch (InterruptedException e) {
          interrupted = true;
          giveUp(gaveUp);
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private T result() {
    return switch (outcome) {
      case Outcome.Done<T>(T value) -> value;
      case Outcome.Failed<T>(RuntimeException e) -> throw e;
      case Outcome.Failed<T>(Error e) -> throw e;
      case Outcome.Failed<T>(Throwable e) -> throw new IllegalStateException(e);
      case null -> throw new IllegalStateException("answered without an outcome");
    };
  }
}
