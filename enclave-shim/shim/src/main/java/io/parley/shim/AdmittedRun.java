package io.parley.shim;

import io.parley.shim.answers.OverlapGuard;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import org.jspecify.annotations.Nullable;

/**
 * The run of an app whose answer is compared. It is put on record as soon as the app has told whose
 * rows are in it, while the app goes on: so it is there also when the app then fails, or its time
 * is over, or the host ends it. An app whose answer may not be told is stopped at once, so that how
 * it would have ended is not heard of either.
 *
 * <p>Not guaranteed: that the app waits with its answer until the record is on disk. An end within
 * that moment leaves none. For one run.
 */
final class AdmittedRun {
  private static final Duration LOOK_EVERY = Duration.ofMillis(20);

  private final Path out;
  private final FutureTask<Boolean> admission;
  private final Thread runner = Thread.currentThread();
  private boolean over;
  private boolean told;
  private boolean stopped;

  private AdmittedRun(Path out, Runnable admit) {
    this.out = out;
    this.admission = new FutureTask<>(admit, true);
  }

  /**
   * Returns when both are done.
   *
   * @param out the app's results
   * @param app runs it on this thread, and throws when it did not end well; an interrupt stops it
   * @param admit takes what the app told, and returns once its answer is on record
   * @throws RuntimeException what {@code admit} threw, or else what {@code app} did
   */
  static void of(Path out, Runnable app, Runnable admit) {
    new AdmittedRun(out, admit).run(app);
  }

  private void run(Runnable app) {
    Thread.ofPlatform().daemon().name("answer").start(this::watch);
    @Nullable RuntimeException failure = null;
    try {
      app.run();
    } catch (RuntimeException e) {
      failure = e;
    } finally {
      end();
    }
    if (failure == null || isTold()) {
      admission.run();
      boolean _ = Tasks.get(admission);
    }
    if (failure != null) {
      throw failure;
    }
  }

  /** Until the app has told, or has ended: then the run itself sees to it. */
  private void watch() {
    try {
      while (!look()) {
        if (isOver()) {
          return;
        }
        Thread.sleep(LOOK_EVERY);
      }
      // Once, whoever comes first.
      admission.run();
      if (admission.state() == Future.State.FAILED) {
        stop();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private synchronized boolean look() {
    told = told || !over && OverlapGuard.isTold(out);
    return told;
  }

  private synchronized boolean isTold() {
    return told;
  }

  private synchronized boolean isOver() {
    return over;
  }

  private synchronized void stop() {
    if (!over) {
      stopped = true;
      runner.interrupt();
    }
  }

  /** From here on nobody interrupts this thread for the app's sake. */
  private synchronized void end() {
    boolean _ = look();
    over = true;
    if (stopped) {
      boolean _ = Thread.interrupted();
    }
  }
}
