package io.parley.shim.compute;

/**
 * What an app says on how far it is, made harmless: only the percentage goes on, and only when it
 * rises. Whatever an app says while it looks at rows could carry them out; a hundred rising numbers
 * carry next to nothing. Not thread-safe.
 */
final class Percentage implements AppRunner.ProgressSink {
  private static final int WHOLE = 100;

  private final AppRunner.ProgressSink sink;
  private long highest = -1;

  Percentage(AppRunner.ProgressSink sink) {
    this.sink = sink;
  }

  @Override
  public void progress(String message, long done, long total) {
    if (done < 0 || total <= 0 || done > total) {
      return;
    }
    long percent = (long) (WHOLE * ((double) done / total));
    if (percent > highest) {
      highest = percent;
      sink.progress("running the app", percent, WHOLE);
    }
  }
}
