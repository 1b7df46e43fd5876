package io.parley.peer;

import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The peer node's process. Exit codes: 0 ended as asked, 1 could not start, 2 wrong use. */
@Command(
    name = "peer-node",
    description = "Keeps a party's datasets, starts its enclaves, serves its clients and peers.",
    mixinStandardHelpOptions = true)
public final class PeerMain implements Callable<Integer> {
  private static final Logger LOG = LoggerFactory.getLogger(PeerMain.class);
  private static final String WHAT = "the node";

  @Parameters(arity = "0..1", hidden = true, description = "serve")
  private String verb = "serve";

  @Option(names = "--home", required = true, description = "The party's folder.")
  private Path home = Path.of("");

  @Mixin private final ServerOptions server = new ServerOptions();

  private PeerMain() {}

  public static void main(String[] arguments) {
    System.exit(run(arguments));
  }

  /** Runs the node until the process is told to end; answers with the exit code. */
  public static int run(String... arguments) {
    return new CommandLine(new PeerMain())
        .setExecutionExceptionHandler(
            (failure, line, parsed) -> ServerOptions.report(WHAT, LOG, failure))
        .execute(arguments);
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    if (!verb.equals("serve")) {
      throw new CommandLine.ParameterException(
          new CommandLine(this), "'%s' is not known; expected serve".formatted(verb));
    }
    server.serve(WHAT, LOG, () -> PeerWiring.start(home.toAbsolutePath().normalize()));
    return 0;
  }
}
