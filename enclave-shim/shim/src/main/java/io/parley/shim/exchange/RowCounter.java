package io.parley.shim.exchange;

import java.util.concurrent.atomic.AtomicLong;

/** Adds up rows of all streams. Thread-safe. */
final class RowCounter {
  private final AtomicLong done = new AtomicLong();
  private final AtomicLong total = new AtomicLong();
  private final ExchangeProgress progress;

  RowCounter(ExchangeProgress progress) {
    this.progress = progress;
  }

  void expect(long rows) {
    total.addAndGet(rows);
  }

  void moved(long rows) {
    long now = done.addAndGet(rows);
    progress.rows(now, Math.max(now, total.get()));
  }
}
