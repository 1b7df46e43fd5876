package io.parley.shim;

import io.parley.wire.BugException;
import io.parley.wire.EnvironmentException;
import io.parley.wire.Reason;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorCompletionService;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** Runs things side by side; the first failure ends all. */
public final class Tasks {
  private static final long END_SECONDS = 10;

  private Tasks() {}

  /**
   * Runs all of them, each on a thread of its own.
   *
   * @param onFailure takes the first failure, and wakes tasks that are blocked where an interrupt
   *     does not reach
   * @return their values, in the order of the tasks
   */
  public static <T> List<T> all(
      String name, List<Callable<T>> tasks, Consumer<RuntimeException> onFailure) {
    ExecutorService threads =
        Executors.newThreadPerTaskExecutor(
            Thread.ofPlatform().daemon().name(name + "-", 0).factory());
    try {
      ExecutorCompletionService<T> completion = new ExecutorCompletionService<>(threads);
      List<Future<T>> futures = new ArrayList<>();
      tasks.forEach(task -> futures.add(completion.submit(task)));
      for (int i = 0; i < tasks.size(); i++) {
        get(completion.take());
      }
      List<T> values = new ArrayList<>();
      for (Future<T> future : futures) {
        values.add(future.resultNow());
      }
      return values;
    } catch (InterruptedException e) {
      EnvironmentException stopped = stopped(e);
      onFailure.accept(stopped);
      Thread.currentThread().interrupt();
      throw stopped;
    } catch (RuntimeException e) {
      onFailure.accept(e);
      throw e;
    } finally {
      end(threads);
    }
  }

  /** Starts one on a thread of its own that keeps no process alive. */
  public static <T> Future<T> start(String name, Callable<T> task) {
    FutureTask<T> future = new FutureTask<>(task);
    Thread thread = new Thread(future, name);
    thread.setDaemon(true);
    thread.start();
    return future;
  }

  /** The value of a task that was started earlier, or its failure as it was thrown. */
  public static <T> T get(Future<T> future) {
    try {
      return future.get();
    } catch (ExecutionException e) {
      throw switch (e.getCause()) {
        case RuntimeException failure -> failure;
        case Error error -> throw error;
        case null, default -> new BugException("a task failed", e.getCause());
      };
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw stopped(e);
    }
  }

  private static EnvironmentException stopped(InterruptedException e) {
    return new EnvironmentException(Reason.CANCELLED, "the job was stopped", Map.of(), e);
  }

  private static void end(ExecutorService threads) {
    threads.shutdownNow();
    try {
      // Whoever does not come back in time is a daemon, and the process ends soon.
      boolean unused = threads.awaitTermination(END_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
