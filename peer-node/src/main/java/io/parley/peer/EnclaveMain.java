package io.parley.peer;

import io.parley.process.ServerProcess;
import io.parley.wire.ParleyException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The enclave server's process. Exit codes: 0 ended as asked, 1 could not start, 2 wrong use. */
@Command(
    name = "enclave-server",
    description = "Starts enclaves in a confidential VM for its party's node.",
    mixinStandardHelpOptions = true)
public final class EnclaveMain implements Callable<Integer> {
  private static final Logger LOG = LoggerFactory.getLogger(EnclaveMain.class);

  @Option(names = "--dir", required = true, description = "The enclave server's folder.")
  private Path folder = Path.of("");

  @Option(
      names = "--ready-file",
      description = "Written once the server serves; holds its host:port.")
  private @Nullable Path readyFile;

  @Option(
      names = "--die-with-stdin",
      description = "End when standard input ends: the parent that holds its other end is gone.")
  private boolean dieWithStdin;

  private EnclaveMain() {}

  public static void main(String[] arguments) {
    System.exit(run(arguments));
  }

  /** Runs the server until the process is told to end; answers with the exit code. */
  public static int run(String... arguments) {
    return new CommandLine(new EnclaveMain())
        .setExecutionExceptionHandler((failure, line, parsed) -> report(failure))
        .execute(arguments);
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    if (dieWithStdin) {
      ServerProcess.endWithStdin(
          () -> LOG.atInfo().log("standard input ended; so does the enclave server"));
    }
    CountDownLatch ended = new CountDownLatch(1);
    try (EnclaveWiring.Running server = EnclaveWiring.start(folder.toAbsolutePath().normalize())) {
      Runtime.getRuntime()
          .addShutdownHook(
              new Thread(
                  () -> {
                    server.close();
                    ended.countDown();
                  },
                  "shutdown"));
      LOG.atInfo().log("the enclave server serves on {}", server.address());
      if (readyFile != null) {
        ServerProcess.announce(readyFile, server.address());
      }
      ended.await();
    }
    return 0;
  }

  private static int report(Exception failure) {
    if (failure instanceof ParleyException known) {
      LOG.atError().log("{}: {}", known.reason(), known.getMessage());
    } else {
      LOG.atError().setCause(failure).log("the enclave server failed");
    }
    return 1;
  }
}
