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

/** The enclave server's process. Exit codes: 0 ended as asked, 1 could not start, 2 wrong use. */
@Command(
    name = "enclave-server",
    description = "Starts enclaves in a confidential VM for its party's node.",
    mixinStandardHelpOptions = true)
public final class EnclaveMain implements Callable<Integer> {
  private static final Logger LOG = LoggerFactory.getLogger(EnclaveMain.class);
  private static final String WHAT = "the enclave server";

  @Option(names = "--dir", required = true, description = "The enclave server's folder.")
  private Path folder = Path.of("");

  @Mixin private final ServerOptions server = new ServerOptions();

  private EnclaveMain() {}

  public static void main(String[] arguments) {
    System.exit(run(arguments));
  }

  /** Runs the server until the process is told to end; answers with the exit code. */
  public static int run(String... arguments) {
    return new CommandLine(new EnclaveMain())
        .setExecutionExceptionHandler(
            (failure, line, parsed) -> ServerOptions.report(WHAT, LOG, failure))
        .execute(arguments);
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    server.serve(WHAT, LOG, () -> EnclaveWiring.start(folder.toAbsolutePath().normalize()));
    return 0;
  }
}
