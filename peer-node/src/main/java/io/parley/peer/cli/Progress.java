package io.parley.peer.cli;

import java.io.PrintStream;
import java.util.List;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.jspecify.annotations.Nullable;

/**
 * How far something has come, on stderr: a bar on a terminal, a line for each change elsewhere,
 * nothing when quiet. Not thread-safe.
 */
final class Progress implements AutoCloseable {
  private static final int WIDTH = 100;
  private static final int REDRAW_MILLIS = 100;

  private final PrintStream err;
  private final boolean quiet;
  private final @Nullable ProgressBar bar;
  private String last = "";

  /** Steps of one kind, in this order; for a job, its phases. */
  static Progress ofSteps(Session session, String task, int steps) {
    return new Progress(session, task, steps, "", 1);
  }

  /** Bytes of a file. */
  static Progress ofBytes(Session session, String task, long bytes) {
    return new Progress(session, task, bytes, "MB", 1_000_000);
  }

  private Progress(Session session, String task, long total, String unit, long unitSize) {
    Terminal terminal = session.terminal();
    this.err = terminal.err();
    this.quiet = session.options().quiet;
    this.bar =
        quiet || !terminal.errIsTerminal()
            ? null
            : new ProgressBarBuilder()
                .setTaskName(task)
                .setInitialMax(total)
                .setUnit(unit, unitSize)
                .setStyle(ProgressBarStyle.ASCII)
                .setUpdateIntervalMillis(REDRAW_MILLIS)
                .setMaxRenderedLength(WIDTH)
                .setConsumer(new ConsoleProgressBarConsumer(err, WIDTH))
                .build();
  }

  /** The bar's position and what is going on; off a terminal a line, when it changed. */
  void at(long done, String what) {
    if (bar != null) {
      bar.stepTo(done);
      bar.setExtraMessage(what);
    } else if (!quiet && !what.isEmpty() && !what.equals(last)) {
      last = what;
      err.println(what);
    }
  }

  @Override
  public void close() {
    if (bar != null) {
      bar.close();
    }
  }

  /** The phases of a job, in order. */
  static final List<String> PHASES =
      List.of("launch", "test", "attest", "gate", "exchange", "compute", "release");
}
