package io.parley.peer.cli.process;

import io.parley.wire.EnvironmentException;
import io.parley.wire.Reason;
import java.io.IOException;
import java.util.List;
import java.util.Map;

/** One of our programs in this one's place: same input, output and errors, until it ends. */
public final class ForegroundJvm {
  private ForegroundJvm() {}

  /**
   * Runs it to its end.
   *
   * @param name for messages
   * @return its exit code
   * @throws EnvironmentException IO_FAILED when it cannot be started
   */
  public static int run(String name, List<String> command) throws InterruptedException {
    ProcessBuilder builder = new ProcessBuilder(command).inheritIO();
    builder.environment().keySet().removeAll(ChildJvm.CODE_VARIABLES);
    try {
      Process process = builder.start();
      try {
        return process.waitFor();
      } finally {
        process.destroy();
      }
    } catch (IOException e) {
      throw new EnvironmentException(
          Reason.IO_FAILED, "cannot start %s: %s".formatted(name, e), Map.of("process", name), e);
    }
  }
}
