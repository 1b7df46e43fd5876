package io.parley.shim.compute;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** Starts an app behind its wall and waits for it. */
@FunctionalInterface
public interface AppRunner {
  /**
   * What to start.
   *
   * @param folder the measured copy, the app's working directory
   * @param memoryBytes that the app may use, heap and all
   */
  record AppRun(Path folder, List<String> command, long memoryBytes, Duration timeout) {
    public AppRun {
      command = List.copyOf(command);
    }
  }

  /**
   * How it ended.
   *
   * @param memoryLimit whether it was killed for using too much memory
   */
  record AppExit(int code, boolean memoryLimit) {}

  /** Takes an app's own statements on how far it is. */
  @FunctionalInterface
  interface ProgressSink {
    void progress(String message, long done, long total);
  }

  /**
   * Runs it to its end; when this returns, no process of it is left.
   *
   * @throws io.parley.wire.EnvironmentException TIMEOUT, or when it could not be started
   */
  AppExit run(AppRun run, ProgressSink progress);
}
