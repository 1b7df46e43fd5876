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
   * @param watched whether to look at what it tries, too
   */
  record AppRun(
      Path folder, List<String> command, long memoryBytes, Duration timeout, boolean watched) {
    /** Without a watch. */
    public AppRun(Path folder, List<String> command, long memoryBytes, Duration timeout) {
      this(folder, command, memoryBytes, timeout, false);
    }

    public AppRun {
      command = List.copyOf(command);
    }
  }

  /**
   * How it ended.
   *
   * @param memoryLimit whether it was killed for using too much memory
   */
  record AppExit(int code, boolean memoryLimit, Observed observed) {
    /** Of which nothing was observed. */
    public AppExit(int code, boolean memoryLimit) {
      this(code, memoryLimit, Observed.NOTHING);
    }
  }

  /**
   * What was seen while it ran.
   *
   * @param peakMemoryBytes of one process of it
   * @param processes beside its first; 0 unless it was watched
   * @param attempts what it tried and may not, in the order in which it was seen; none unless it
   *     was watched
   */
  record Observed(long peakMemoryBytes, int processes, List<Attempt> attempts) {
    /** Nothing. */
    public static final Observed NOTHING = new Observed(0, 0, List.of());

    public Observed {
      attempts = List.copyOf(attempts);
    }
  }

  /**
   * Something that an app may not do.
   *
   * @param kind for example "network", "file" or "program"
   * @param what for people
   */
  record Attempt(String kind, String what) {}

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
