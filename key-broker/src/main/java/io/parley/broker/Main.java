package io.parley.broker;

import io.parley.broker.cli.EvidenceCommands;
import io.parley.broker.config.BrokerYaml;
import io.parley.broker.config.KeysConfig;
import io.parley.identity.BrokerIdentity;
import io.parley.process.ServerProcess;
import io.parley.wire.ParleyException;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.io.IOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * The key broker's process. Exit codes: 0 ended as asked, 1 could not start or failed, 2 wrong use.
 */
@Command(
    name = "key-broker",
    description = "Judges evidence, keeps keys, writes the record of decisions.",
    mixinStandardHelpOptions = true,
    subcommands = {Main.Init.class, Main.Rewrap.class, EvidenceCommands.class})
public final class Main implements Callable<Integer> {
  private static final Logger LOG = LoggerFactory.getLogger(Main.class);

  @Option(names = "--home", description = "The broker's folder.")
  private @Nullable Path home;

  @Option(
      names = "--ready-file",
      description = "Written once the broker listens; holds its host:port.")
  private @Nullable Path readyFile;

  @Option(
      names = "--die-with-stdin",
      description = "End when standard input ends: the parent that holds its other end is gone.")
  private boolean dieWithStdin;

  private Main() {}

  public static void main(String[] arguments) {
    System.exit(run(arguments));
  }

  private static int run(String[] arguments) {
    return new CommandLine(new Main())
        .setExecutionExceptionHandler((failure, line, parsed) -> report(failure))
        .execute(arguments);
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    if (home == null) {
      throw new CommandLine.ParameterException(new CommandLine(this), "--home DIR is missing");
    }
    BrokerWiring wiring = new BrokerWiring(Clock.systemUTC(), System::nanoTime, new SecureRandom());
    try (RunningBroker broker = wiring.start(home)) {
      Runtime.getRuntime().addShutdownHook(new Thread(broker::close, "shutdown"));
      if (dieWithStdin) {
        ServerProcess.endWithStdin(() -> LOG.info("standard input ended; so does the broker"));
      }
      if (readyFile != null) {
        ServerProcess.announce(readyFile, broker.address());
      }
      broker.await();
    }
    return 0;
  }

  private static int report(Exception failure) {
    if (failure instanceof ParleyException known) {
      LOG.error("{}: {}", known.reason(), known.getMessage());
    } else {
      LOG.error("the broker failed", failure);
    }
    return 1;
  }

  /** Makes a broker's folder. */
  @Command(
      name = "init",
      description = "Makes a new broker: identity, master key, broker.yaml.",
      mixinStandardHelpOptions = true)
  static final class Init implements Callable<Integer> {
    @Option(names = "--home", required = true, description = "A folder; made if missing.")
    private Path home = Path.of("");

    @Option(names = "--name", required = true, description = "Its name, a label.")
    private String name = "";

    @Option(names = "--listen", required = true, description = "host:port to listen on.")
    private String listen = "";

    @Option(
        names = "--membership",
        description = "Folder of the membership lists, from --home. Default: ${DEFAULT-VALUE}.",
        defaultValue = "../consortium")
    private String membership = "";

    @Option(
        names = "--keys",
        description = "file or pkcs11. Default: ${DEFAULT-VALUE}.",
        defaultValue = "file")
    private String keys = "";

    @Option(names = "--library", description = "With pkcs11: the HSM's PKCS#11 library.")
    private @Nullable Path library;

    @Option(names = "--token-label", description = "With pkcs11: the label of the HSM's token.")
    private @Nullable String tokenLabel;

    @Option(
        names = "--pin-file",
        description = "With pkcs11: a private file with the token's PIN. It stays where it is.")
    private @Nullable Path pinFile;

    @Override
    public Integer call() {
      BrokerIdentity identity =
          new BrokerHome(home)
              .create(name, listen, membership, keys(), Clock.systemUTC(), new SecureRandom());
      System.out.printf(
          "broker '%s' %s%n", identity.name(), identity.signingKey().verifyingKey().digest());
      return 0;
    }

    private KeysConfig keys() {
      try {
        return KeysConfig.of(keys, library, tokenLabel, pinFile);
      } catch (IllegalArgumentException e) {
        throw new RefusedException(
            Reason.INVALID_REQUEST, e.getMessage() == null ? "" : e.getMessage());
      }
    }
  }

  /** Moves keys between vaults. */
  @Command(
      name = "rewrap",
      description = "Moves all keys to the vault that broker.yaml names. The broker must not run.",
      mixinStandardHelpOptions = true)
  static final class Rewrap implements Callable<Integer> {
    @Option(names = "--home", required = true, description = "The broker's folder.")
    private Path home = Path.of("");

    @Option(
        names = "--from",
        description =
            "A broker.yaml that names the vault where the keys are now. Default: keys in file.")
    private @Nullable Path from;

    @Override
    public Integer call() {
      KeysConfig before = from == null ? new KeysConfig.File() : BrokerYaml.load(from).keys();
      int moved =
          new BrokerWiring(Clock.systemUTC(), System::nanoTime, new SecureRandom())
              .rewrap(home, before);
      System.out.printf("moved the keys of %d agreements%n", moved);
      return 0;
    }
  }
}
