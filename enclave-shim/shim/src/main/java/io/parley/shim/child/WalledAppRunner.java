package io.parley.shim.child;

import io.parley.shim.compute.AppRunner;
import java.time.Duration;

/** Runs apps as processes behind the enclave's inner wall. Thread-safe. */
public final class WalledAppRunner implements AppRunner {
  private final Wall wall;

  /** In an enclave. */
  public WalledAppRunner() {
    this(Wall.ofEnclave());
  }

  WalledAppRunner(Wall wall) {
    this.wall = wall;
  }

  @Override
  public AppRunner.AppExit run(AppRun run, ProgressSink progress) {
    Duration timeout = run.timeout();
    AppCommand command = new AppCommand(run.folder(), run.command(), run.memoryBytes());
    try (AppProcess app =
        AppProcess.start(command, wall, line -> ProgressLine.tell(line, progress))) {
      io.parley.shim.child.AppExit exit = app.waitFor(timeout);
      return new AppRunner.AppExit(exit.code(), exit.memoryLimit());
    }
  }
}
