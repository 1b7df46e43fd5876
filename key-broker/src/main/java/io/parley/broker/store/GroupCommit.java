package io.parley.broker.store;

import io.parley.wire.BugException;
import io.parley.wire.EnvironmentException;
import io.parley.wire.Reason;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.JdbiException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One thread that writes for all: whatever waits when a transaction ends goes into the next one
 * together, first come, first served, and shares its sync. Each piece of work has its own
 * savepoint, so that one that fails takes nothing from the others.
 */
final class GroupCommit implements AutoCloseable {
  /** Work that may wait; more is refused once it has waited for its place. */
  static final int WAITING_MAX = 1024;

  /** Work in one transaction. */
  static final int TOGETHER_MAX = 256;

  private static final Logger LOG = LoggerFactory.getLogger(GroupCommit.class);

  /** How long work may wait for its turn. */
  static final Duration WAIT_MAX = Duration.ofSeconds(10);

  private static final Duration CLOSE_MAX = Duration.ofSeconds(10);
  private static final Duration GATHER_MAX = Duration.ofMillis(10);
  private static final PlainStatement BEGIN = new PlainStatement("BEGIN IMMEDIATE");
  private static final PlainStatement COMMIT = new PlainStatement("COMMIT");
  private static final PlainStatement ROLLBACK = new PlainStatement("ROLLBACK");
  private static final PlainStatement SAVEPOINT = new PlainStatement("SAVEPOINT work");
  private static final PlainStatement ROLLBACK_TO = new PlainStatement("ROLLBACK TO work");
  private static final PlainStatement RELEASE = new PlainStatement("RELEASE work");

  private final Handle writer;
  private final CommitHook hook;
  private final FaultPoints faults;
  private final Failures failures;
  private final BlockingQueue<Work<?>> waiting = new ArrayBlockingQueue<>(WAITING_MAX, true);
  // Never done: it stands for the end.
  private final Work<Boolean> last = new Work<>(write -> true);
  private final Duration waitMax;
  private final Thread thread;
  private final Thread watch;
  private volatile List<Work<?>> turn = List.of();
  private volatile boolean closed;

  /**
   * @param waitMax how long work may wait for its turn, to a tenth of it
   */
  GroupCommit(
      Handle writer, CommitHook hook, FaultPoints faults, Failures failures, Duration waitMax) {
    this.writer = writer;
    this.hook = hook;
    this.faults = faults;
    this.failures = failures;
    this.waitMax = waitMax;
    this.thread = Thread.ofPlatform().name("store-writer").daemon().unstarted(this::loop);
    this.watch = Thread.ofPlatform().name("store-watch").daemon().unstarted(this::endLongWaits);
    thread.start();
    watch.start();
  }

  <T> T write(Function<Handle, T> function) {
    if (Thread.currentThread() == thread) {
      throw new BugException("a write within a write would wait for itself");
    }
    Work<T> work = new Work<>(function);
    enqueue(work);
    return work.await(GroupCommit::overloaded);
  }

  /** Does what waits already, and ends. */
  @Override
  public void close() {
    closed = true;
    try {
      if (waiting.offer(last, CLOSE_MAX.toMillis(), TimeUnit.MILLISECONDS)) {
        thread.join(CLOSE_MAX);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    if (thread.isAlive()) {
      LOG.error("the store's writer did not end within {}", CLOSE_MAX);
    }
  }

  private void enqueue(Work<?> work) {
    try {
      if (!closed && waiting.offer(work, waitMax.toMillis(), TimeUnit.MILLISECONDS)) {
        if (closed) {
          // The writer may have looked for the last time.
          work.giveUp(GroupCommit::overloaded);
        }
        return;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    throw overloaded();
  }

  private void loop() {
    try {
      boolean more = true;
      while (more) {
        List<Work<?>> together = new ArrayList<>();
        together.add(waiting.take());
        letOthersCome();
        waiting.drainTo(together, TOGETHER_MAX - 1);
        more = !together.remove(last);
        turn = together;
        if (!together.isEmpty()) {
          commit(together);
        }
        turn = List.of();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    closed = true;
    watch.interrupt();
    for (Work<?> late = waiting.poll(); late != null; late = waiting.poll()) {
      late.giveUp(GroupCommit::overloaded);
    }
  }

  /** One clock for all: a timer for each caller took 3 % of a busy broker's processor time. */
  private void endLongWaits() {
    try {
      // Until the writer ends and says so: also while it is closed and stuck.
      while (true) {
        Thread.sleep(waitMax.dividedBy(10));
        waiting.forEach(this::endLongWait);
        turn.forEach(this::endLongWait);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void endLongWait(Work<?> work) {
    work.giveUpAfter(waitMax, GroupCommit::overloaded);
  }

  /**
   * Whoever can run now runs first, so that more of them share the sync: a marker takes its turn
   * among the virtual threads that calls run on. Where nobody waits for a processor it comes back
   * at once, so none is idle for it.
   */
  private static void letOthersCome() throws InterruptedException {
    CountDownLatch turn = new CountDownLatch(1);
    var _ = Thread.ofVirtual().start(turn::countDown);
    boolean _ = turn.await(GATHER_MAX.toMillis(), TimeUnit.MILLISECONDS);
  }

  private void commit(List<Work<?>> together) {
    List<Work<?>> started = new ArrayList<>(together.size());
    try {
      BEGIN.execute(writer);
      for (Work<?> work : together) {
        if (work.start()) {
          started.add(work);
          attempt(work);
        }
      }
      finish(started);
    } catch (RuntimeException | Error e) {
      // Whoever's turn had not come: nobody else will answer them.
      together.stream().filter(Work::start).forEach(started::add);
      undo(started, e);
    }
    for (Work<?> work : started) {
      work.answer();
      faults.reached(FaultPoint.ANSWERED);
    }
  }

  private void finish(List<Work<?>> started) {
    if (started.stream().noneMatch(Work::isDone)) {
      ROLLBACK.execute(writer);
      hook.afterUndo();
      return;
    }
    hook.beforeCommit(writer);
    COMMIT.execute(writer);
    failures.written();
    faults.reached(FaultPoint.COMMITTED);
    try {
      hook.afterCommit();
    } catch (RuntimeException e) {
      // It is on disk: whoever waits must not hear that nothing happened.
      LOG.error("what follows a commit failed", e);
    }
  }

  private void attempt(Work<?> work) {
    SAVEPOINT.execute(writer);
    try {
      work.run(writer);
      faults.reached(FaultPoint.WORKED);
    } catch (RuntimeException | Error e) {
      work.failed(e instanceof JdbiException ? failures.of(e) : e);
      // Where SQLite gave the whole transaction up there is no savepoint to go back to: this
      // throws.
      ROLLBACK_TO.execute(writer);
      hook.afterUndo();
    }
    RELEASE.execute(writer);
  }

  /** Nothing of the transaction is kept; whoever had failed by itself keeps its own failure. */
  private void undo(List<Work<?>> started, Throwable cause) {
    hook.afterUndo();
    try {
      ROLLBACK.execute(writer);
    } catch (RuntimeException e) {
      LOG.debug("there was nothing to roll back", e);
    }
    for (Work<?> work : started) {
      if (!work.hasFailed()) {
        work.failed(failures.of(cause));
      }
    }
  }

  private static EnvironmentException overloaded() {
    return new EnvironmentException(
        Reason.STORE_FAILED,
        "the broker is overloaded or stops, nothing was changed; try again later",
        Map.of());
  }
}
