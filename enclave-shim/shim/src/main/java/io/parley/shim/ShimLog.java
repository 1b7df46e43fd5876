package io.parley.shim;

/**
 * A few lines on standard error, which the host reads: what happened, never a value, a parameter or
 * a key. No logging library: its configuration would be one more thing to measure.
 */
final class ShimLog {
  private static final int FRAMES = 12;

  private ShimLog() {}

  static void warn(String message) {
    System.err.println("parley-shim: " + message);
  }

  /**
   * Class and places of a failure that nobody foresaw: its message may hold what must not leave.
   */
  static void failure(Throwable failure) {
    StringBuilder text = new StringBuilder("the job failed: ");
    text.append(failure.getClass().getName());
    StackTraceElement[] frames = failure.getStackTrace();
    for (int i = 0; i < Math.min(FRAMES, frames.length); i++) {
      text.append("\n  at ").append(frames[i]);
    }
    warn(text.toString());
  }
}
