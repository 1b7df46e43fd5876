package io.parley.shim.compute;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.parley.shim.measure.MeasuredApp;
import io.parley.wire.EnvironmentException;
import io.parley.wire.Reason;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;

/** Runs the job's app once all inputs are complete. */
public final class AppExecution {
  /** Name of the file that tells the app what to do. */
  static final String PARAMETERS = "params.json";

  private final AppRunner runner;
  private final Path in;
  private final Path out;

  public AppExecution(AppRunner runner, Path in, Path out) {
    this.runner = runner;
    this.in = in;
    this.out = out;
  }

  /**
   * Writes what the app is told and runs it to a good end.
   *
   * @param enclaveBytes that the whole enclave may use
   * @param progress hears the percentage of what the app says, and nothing else of it
   * @throws io.parley.wire.RefusedException APP_FAILED or MEMORY_LIMIT
   * @throws EnvironmentException TIMEOUT
   */
  public void run(
      MeasuredApp app,
      AppInput input,
      long enclaveBytes,
      Duration timeout,
      AppRunner.ProgressSink progress) {
    write(input);
    AppRunner.AppExit exit =
        runner.run(
            new AppRunner.AppRun(app.folder(), app.command(), input.memoryBytes(), timeout),
            new Percentage(progress));
    requireGood(exit, input, enclaveBytes);
  }

  /**
   * The same, watched, and to whatever end.
   *
   * @throws EnvironmentException TIMEOUT
   */
  public AppRunner.AppExit watch(MeasuredApp app, AppInput input, Duration timeout) {
    write(input);
    return runner.run(
        new AppRunner.AppRun(app.folder(), app.command(), input.memoryBytes(), timeout, true),
        (message, done, total) -> {});
  }

  /**
   * Passes when it ended well.
   *
   * @throws io.parley.wire.RefusedException APP_FAILED or MEMORY_LIMIT
   */
  public void requireGood(AppRunner.AppExit exit, AppInput input, long enclaveBytes) {
    if (exit.code() != 0 || exit.memoryLimit()) {
      throw AppFailure.of(exit, out, new AppMemory(input.memoryBytes(), enclaveBytes));
    }
  }

  private void write(AppInput input) {
    try {
      Files.write(in.resolve(PARAMETERS), input.json().getBytes(UTF_8));
    } catch (IOException e) {
      throw new EnvironmentException(
          Reason.IO_FAILED, "the parameters could not be written for the app", Map.of(), e);
    }
  }
}
