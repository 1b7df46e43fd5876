package io.parley.shim;

import io.parley.shim.host.HostConnection;
import java.util.function.LongSupplier;

/**
 * Tells the host how far the job is: every change of phase, and within one at most ten messages a
 * second. Thread-safe.
 */
final class ProgressReporter {
  private static final long INTERVAL_NANOS = 100_000_000;
  private static final int MESSAGE_CHARS_MAX = 200;

  private final HostConnection host;
  private final LongSupplier nanos;
  private String phase = "";
  private long lastNanos;

  ProgressReporter(HostConnection host, LongSupplier nanos) {
    this.host = host;
    this.nanos = nanos;
  }

  void report(String newPhase, String message, long done, long total) {
    if (isDue(newPhase)) {
      String text = message.replaceAll("\\p{Cntrl}", " ");
      host.progress(
          newPhase, text.substring(0, Math.min(text.length(), MESSAGE_CHARS_MAX)), done, total);
    }
  }

  private synchronized boolean isDue(String newPhase) {
    long now = nanos.getAsLong();
    boolean due = !newPhase.equals(phase) || now - lastNanos >= INTERVAL_NANOS;
    if (due) {
      phase = newPhase;
      lastNanos = now;
    }
    return due;
  }
}
