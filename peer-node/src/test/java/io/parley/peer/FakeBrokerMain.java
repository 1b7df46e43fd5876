package io.parley.peer;

import io.parley.process.ServerProcess;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.concurrent.CountDownLatch;

/** A process that starts and ends as the key broker does, and writes down each of its starts. */
final class FakeBrokerMain {
  private FakeBrokerMain() {}

  public static void main(String[] arguments) throws Exception {
    ServerProcess.endWithStdin(() -> {});
    Path home = Path.of(after(arguments, "--home"));
    Files.writeString(
        home.resolve("starts"),
        ProcessHandle.current().pid() + "\n",
        StandardOpenOption.CREATE,
        StandardOpenOption.APPEND);
    ServerProcess.announce(Path.of(after(arguments, "--ready-file")), "127.0.0.1:1");
    new CountDownLatch(1).await();
  }

  private static String after(String[] arguments, String name) {
    return arguments[Arrays.asList(arguments).indexOf(name) + 1];
  }
}
