package io.parley.broker.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.IntConsumer;

/**
 * Work that a fixed number of threads share; each takes the next piece when it is done with one.
 */
final class Crowd implements AutoCloseable {
  private final int size;
  private final ExecutorService threads;

  Crowd(int size) {
    this.size = size;
    this.threads = Executors.newFixedThreadPool(size, Thread.ofVirtual().factory());
  }

  /** Does something to each, and returns how long all of it took. */
  <T> long each(List<T> all, Consumer<T> what) throws InterruptedException {
    AtomicInteger next = new AtomicInteger();
    return run(worker -> {
      for (int i = next.getAndIncrement(); i < all.size(); i = next.getAndIncrement()) {
        what.accept(all.get(i));
      }
    });
  }

  /** Repeats something for this long; returns how often per second it was done. */
  double perSecond(long nanos, Runnable what) throws InterruptedException {
    AtomicLong done = new AtomicLong();
    long end = System.nanoTime() + nanos;
    long took =
        run(worker -> {
          while (System.nanoTime() < end) {
            what.run();
            done.incrementAndGet();
          }
        });
    return done.get() * 1e9 / took;
  }

  private long run(IntConsumer worker) throws InterruptedException {
    long start = System.nanoTime();
    List<Future<?>> running = new ArrayList<>();
    for (int i = 0; i < size; i++) {
      int number = i;
      running.add(threads.submit(() -> worker.accept(number)));
    }
    for (Future<?> each : running) {
      try {
        each.get();
      } catch (ExecutionException e) {
        throw new IllegalStateException("the broker refused or failed", e.getCause());
      }
    }
    return System.nanoTime() - start;
  }

  @Override
  public void close() {
    threads.shutdownNow();
  }
}
