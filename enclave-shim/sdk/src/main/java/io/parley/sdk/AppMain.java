package io.parley.sdk;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/**
 * The {@code main} of an app: {@code AppMain.run(args, new MyApp())}.
 *
 * <p>Exit codes: 0 the results are there, 2 the app said why it failed, 1 anything else. With 1 and
 * 2, {@code /out/error.json} holds {@code {"reason", "message", "metadata"}}. Nothing is printed:
 * an app's output streams leave the enclave, and a stack trace can hold values.
 */
public final class AppMain {
  /** System property with the folder of inputs, {@code /in} when absent. */
  public static final String IN = "parley.in";

  /** System property with the folder of results, {@code /out} when absent. */
  public static final String OUT = "parley.out";

  static final int OK = 0;
  static final int FAILED = 1;
  static final int REFUSED = 2;

  private static final int FRAMES = 5;

  private AppMain() {}

  /** Runs the app on the job in {@code /in} and ends the process; never returns. */
  public static void run(String[] args, App app) {
    int code = args.length == 0 ? run(app) : FAILED;
    // halt, not exit: the results are closed, and nothing of this process is wanted any more.
    Runtime.getRuntime().halt(code);
  }

  private static int run(App app) {
    return run(
        Path.of(System.getProperty(IN, "/in")),
        Path.of(System.getProperty(OUT, "/out")),
        Progress.ofDescriptor(),
        app);
  }

  /**
   * Runs the app on these folders, and gives the exit code. For tests: see {@code
   * io.parley.sdk.testing.TestJob}.
   */
  public static int run(Path in, Path out, Progress progress, App app) {
    try (progress;
        JobContext job = JobContext.open(in, out, progress)) {
      app.run(job);
      job.checkResultsWritten();
      return OK;
    } catch (AppException e) {
      return fail(out, REFUSED, e.reason(), e.text(), e.metadata());
    } catch (OutOfMemoryError e) {
      String limit = Long.toString(Runtime.getRuntime().maxMemory());
      return fail(
          out,
          REFUSED,
          "MEMORY_LIMIT",
          "the app needs more memory than its %s bytes of heap".formatted(limit),
          Map.of("need_bytes", "more than " + limit, "limit_bytes", limit));
    } catch (Throwable e) {
      return fail(
          out,
          FAILED,
          "APP_FAILED",
          "the app ended with %s; its message is kept back because it may hold values"
              .formatted(e.getClass().getName()),
          Map.of("exception", e.getClass().getName(), "at", where(e)));
    }
  }

  /** Code positions hold no values. */
  private static String where(Throwable e) {
    StringBuilder text = new StringBuilder();
    StackTraceElement[] frames = e.getStackTrace();
    for (int i = 0; i < Math.min(FRAMES, frames.length); i++) {
      text.append(i == 0 ? "" : " < ")
          .append(frames[i].getClassName())
          .append('.')
          .append(frames[i].getMethodName())
          .append(':')
          .append(frames[i].getLineNumber());
    }
    return text.toString();
  }

  private static int fail(
      Path out, int code, String reason, String message, Map<String, String> metadata) {
    try {
      Files.write(
          out.resolve("error.json"),
          Json.bytes(Map.of("reason", reason, "message", message, "metadata", metadata)));
    } catch (IOException e) {
      // The exit code still tells that the app failed; there is nowhere else to say why.
      return Optional.ofNullable(e.getMessage()).isPresent() ? FAILED : code;
    }
    return code;
  }
}
