package io.parley.shim.child;

import io.parley.shim.compute.AppRunner;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Runs apps as processes behind the enclave's inner wall. Thread-safe. */
public final class WalledAppRunner implements AppRunner {
  private final Function<Path, Wall> walls;

  /** In an enclave. */
  public WalledAppRunner() {
    this(Wall::ofEnclave);
  }

  /**
   * @param walls for an app in this folder
   */
  WalledAppRunner(Function<Path, Wall> walls) {
    this.walls = walls;
  }

  @Override
  public AppRunner.AppExit run(AppRun run, ProgressSink progress) {
    Wall wall = walls.apply(run.folder());
    if (!run.watched()) {
      io.parley.shim.child.AppExit exit = run(run, wall, null, progress);
      return new AppRunner.AppExit(
          exit.code(),
          exit.memoryLimit(),
          new AppRunner.Observed(exit.peakMemoryBytes(), 0, List.of()));
    }
    try (Watch watch = Watch.start(wall)) {
      io.parley.shim.child.AppExit exit = run(run, wall, watch, progress);
      return new AppRunner.AppExit(
          exit.code(), exit.memoryLimit(), watch.finish(exit.code(), exit.peakMemoryBytes()));
    }
  }

  private static io.parley.shim.child.AppExit run(
      AppRun run, Wall wall, @Nullable Watch watch, ProgressSink progress) {
    Duration timeout = run.timeout();
    AppCommand command = new AppCommand(run.folder(), run.command(), run.memoryBytes());
    try (AppProcess app =
        AppProcess.start(command, wall, watch, line -> ProgressLine.tell(line, progress))) {
      return app.waitFor(timeout);
    }
  }
}
