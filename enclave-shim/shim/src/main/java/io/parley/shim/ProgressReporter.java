package io.parley.shim;

import io.parley.shim.host.HostConnection;
import java.util.function.LongSupplier;

/**
 * Tells the host how far the job is: every change of phase or of message, and of the same at most
 * ten a second. Thread-safe.
 */
final class ProgressReporter {
  private static final long INTERVAL_NANOS = 100_000_000;
  private static final int MESSAGE_CHARS_MAX = 200;

  private final HostConnection host;
  private final LongSupplier nanos;
  private String last = "";
  private long lastNanos;

  ProgressReporter(HostConnection host, LongSupplier nanos) {
    this.host = host;
    this.nanos = nanos;
  }

  void report(String newPhase, String message, long done, long total) {
    if (isDue(newPhase + ' ' + message)) {
      String text = message.replaceAll("\\p{Cntrl}", " ");
      host.progress(
          newPhase, text.substring(0, Math.min(text.length(), MESSAGE_CHARS_MAX)), done, total);
    }
  }

  private synchronized boolean isDue(String what) {
    long now = nanos.getAsLong();
    boolean due = !what.equals(last) || now - lastNanos >= INTERVAL_NANOS;
    if (due) {
      last = what;
      lastNanos = now;
    }
    return due;
  }
}
