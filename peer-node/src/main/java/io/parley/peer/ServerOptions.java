package io.parley.peer;

import io.parley.process.ServerProcess;
import io.parley.wire.ParleyException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import picocli.CommandLine.Option;

/** How a server process of this module is started and ends, whichever server it is. */
final class ServerOptions {
  @Option(
      names = "--ready-file",
      description = "Written once the server serves; holds its host:port.")
  private @Nullable Path readyFile;

  @Option(
      names = "--die-with-stdin",
      description = "End when standard input ends: the parent that holds its other end is gone.")
  private boolean dieWithStdin;

  /**
   * Serves until the process is told to end.
   *
   * @param what for people, such as "the node"
   */
  void serve(String what, Logger log, Supplier<Running> start)
      throws IOException, InterruptedException {
    if (dieWithStdin) {
      ServerProcess.endWithStdin(() -> log.atInfo().log("standard input ended; so does {}", what));
    }
    CountDownLatch ended = new CountDownLatch(1);
    try (Running server = start.get()) {
      Runtime.getRuntime()
          .addShutdownHook(
              new Thread(
                  () -> {
                    server.close();
                    ended.countDown();
                  },
                  "shutdown"));
      log.atInfo().log("{} serves on {}", what, server.address());
      if (readyFile != null) {
        ServerProcess.announce(readyFile, server.address());
      }
      ended.await();
    }
  }

  /** Says why the server could not go on; the exit code. */
  static int report(String what, Logger log, Exception failure) {
    if (failure instanceof ParleyException known) {
      log.atError().log("{}: {}", known.reason(), known.getMessage());
    } else {
      log.atError().setCause(failure).log("{} failed", what);
    }
    return 1;
  }
}
