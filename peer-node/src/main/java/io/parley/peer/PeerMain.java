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
import picocli.CommandLine.Parameters;

/** The peer node's process. Exit codes: 0 ended as asked, 1 could not start, 2 wrong use. */
@Command(
    name = "peer-node",
    description = "Keeps a party's datasets, starts its enclaves, serves its clients and peers.",
    mixinStandardHelpOptions = true)
public final class PeerMain implements Callable<Integer> {
  private static final Logger LOG = LoggerFactory.getLogger(PeerMain.class);

  @Parameters(arity = "0..1", hidden = true, description = "serve")
  private String verb = "serve";

  @Option(names = "--home", required = true, description = "The party's folder.")
  private Path home = Path.of("");

  @Option(
      names = "--ready-file",
      description = "Written once the node serves; holds its host:port.")
  private @Nullable Path readyFile;

  @Option(
      names = "--die-with-stdin",
      description = "End when standard input ends: the parent that holds its other end is gone.")
  private boolean dieWithStdin;

  private PeerMain() {}

  public static void main(String[] arguments) {
    System.exit(run(arguments));
  }

  /** Runs the node until the process is told to end; answers with the exit code. */
  public static int run(String... arguments) {
    return new CommandLine(new PeerMain())
        .setExecutionExceptionHandler((failure, line, parsed) -> report(failure))
        .execute(arguments);
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    if (!verb.equals("serve")) {
      throw new CommandLine.ParameterException(
          new CommandLine(this), "'%s' is not known; expected serve".formatted(verb));
    }
    if (dieWithStdin) {
      ServerProcess.endWithStdin(() -> LOG.atInfo().log("standard input ended; so does the node"));
    }
    CountDownLatch ended = new CountDownLatch(1);
    try (PeerWiring.Running node = PeerWiring.start(home.toAbsolutePath().normalize())) {
      Runtime.getRuntime()
          .addShutdownHook(
              new Thread(
                  () -> {
                    node.close();
                    ended.countDown();
                  },
                  "shutdown"));
      LOG.atInfo().log("the node serves on {}", node.address());
      if (readyFile != null) {
        ServerProcess.announce(readyFile, node.address());
      }
      ended.await();
    }
    return 0;
  }

  private static int report(Exception failure) {
    if (failure instanceof ParleyException known) {
      LOG.atError().log("{}: {}", known.reason(), known.getMessage());
    } else {
      LOG.atError().setCause(failure).log("the node failed");
    }
    return 1;
  }
}
