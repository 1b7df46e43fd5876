package io.parley.peer.cli;

import io.parley.identity.Broker;
import io.parley.peer.cli.process.Distribution;
import io.parley.wire.EnvironmentException;
import io.parley.wire.Reason;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "broker",
    description = {
      "The key broker: judges evidence, keeps keys, writes the record of decisions. One per consortium,"
          + " alone or beside a party's node."
    },
    footer = {
      "Example:",
      "  parley broker create --listen 0.0.0.0:7701",
      "  parley broker serve",
    })
final class BrokerCommands {
  private static final String MAIN = "io.parley.broker.Main";
  private static final String HEAP = "256m";

  private final Session session;

  BrokerCommands(Session session) {
    this.session = session;
  }

  @Command(
      name = "create",
      description = "Makes a broker's home: its identity, its master key, broker.yaml.",
      footer = {
        "Whoever has master.key and broker.db has every data key: keep the folder to the broker's user.",
        "",
        "Examples:",
        "  parley broker create --listen 0.0.0.0:7701",
        "  parley broker create --dir /srv/broker --listen 0.0.0.0:7701 --name health-broker",
        "  parley broker create --keys pkcs11 --library /usr/lib/softhsm/libsofthsm2.so \\",
        "                       --token-label parley --pin-file /etc/parley/hsm.pin",
      })
  int create(
      @Option(
              names = "--dir",
              paramLabel = "DIR",
              description = "The broker's home. Default: broker/ in the party's home.")
          @Nullable Path dir,
      @Option(
              names = "--name",
              paramLabel = "NAME",
              defaultValue = "broker",
              description = "Default: ${DEFAULT-VALUE}.")
          String name,
      @Option(
              names = "--listen",
              paramLabel = "HOST:PORT",
              defaultValue = "127.0.0.1:7701",
              description = "Where it will listen. Default: ${DEFAULT-VALUE}.")
          String listen,
      @Mixin BrokerKeys keys)
      throws IOException, InterruptedException {
    Path home = home(dir);
    List<String> command =
        new ArrayList<>(
            initCommand(home, name, listen, dir == null ? "../consortium" : "membership"));
    command.addAll(keys.arguments());
    if (run(command, ProcessBuilder.Redirect.DISCARD) != 0) {
      throw new EnvironmentException(
          Reason.IO_FAILED, "the broker's home was not made; see above", Map.of());
    }
    session.notices().say("A broker's home is in " + home);
    return ExitCode.OK;
  }

  @Command(
      name = "rewrap",
      description = {
        "Moves all keys of a broker that does not run to the vault that its broker.yaml names now."
      },
      footer = {
        "To move to an HSM: stop the broker, write 'keys:' into broker.yaml, rewrap, start it again.",
        "",
        "Example:",
        "  parley broker rewrap --dir /srv/broker",
      })
  int rewrap(
      @Option(
              names = "--dir",
              paramLabel = "DIR",
              description = "The broker's home. Default: broker/ in the party's home.")
          @Nullable Path dir,
      @Option(
              names = "--from",
              paramLabel = "FILE",
              description =
                  "A broker.yaml that names the vault where the keys are now. Default: file.")
          @Nullable Path from)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(programCommand());
    command.addAll(List.of("rewrap", "--home", home(dir).toString()));
    if (from != null) {
      command.addAll(List.of("--from", from.toAbsolutePath().toString()));
    }
    if (run(command, ProcessBuilder.Redirect.INHERIT) != 0) {
      throw new EnvironmentException(
          Reason.IO_FAILED,
          "the keys were not all moved; see above. What was moved stays moved: run it again",
          Map.of());
    }
    return ExitCode.OK;
  }

  private static int run(List<String> command, ProcessBuilder.Redirect output)
      throws IOException, InterruptedException {
    return new ProcessBuilder(command)
        .redirectOutput(output)
        .redirectError(ProcessBuilder.Redirect.INHERIT)
        .start()
        .waitFor();
  }

  static List<String> initCommand(Path home, String name, String listen, String membership) {
    List<String> command = new ArrayList<>(Distribution.find().brokerCommand(MAIN, "128m"));
    command.addAll(
        List.of(
            "init",
            "--home",
            home.toString(),
            "--name",
            name,
            "--listen",
            listen,
            "--membership",
            membership));
    return command;
  }

  /** For a program of the broker's that ends by itself. */
  static List<String> programCommand() {
    return Distribution.find().brokerCommand(MAIN, HEAP);
  }

  static List<String> serveCommand() {
    return Distribution.find().servingBrokerCommand(MAIN, HEAP);
  }

  @Command(
      name = "serve",
      description = "Runs the broker until it is told to end (ctrl-C).",
      footer = {
        "A party's node runs one by itself when its parley.yaml says 'broker: embedded'.",
        "",
        "Example:",
        "  parley broker serve --dir /srv/broker",
      })
  int serve(
      @Option(
              names = "--dir",
              paramLabel = "DIR",
              description = "The broker's home. Default: broker/ in the party's home.")
          @Nullable Path dir)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(serveCommand());
    command.addAll(List.of("--home", home(dir).toString(), "--die-with-stdin"));
    Process process =
        new ProcessBuilder(command)
            .redirectOutput(ProcessBuilder.Redirect.INHERIT)
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    // Its standard input is our pipe: however we end, it ends too.
    Runtime.getRuntime().addShutdownHook(new Thread(() -> end(process)));
    return process.waitFor() == 0 ? ExitCode.OK : ExitCode.FAILED;
  }

  private static void end(Process process) {
    process.destroy();
    try {
      process.waitFor();
    } catch (InterruptedException e) {
      process.destroyForcibly();
    }
  }

  @Command(
      name = "show",
      description = {
        "The broker's public half: its fingerprint, and the line that 'parley consortium init --broker'"
            + " takes on another machine."
      },
      footer = {"Example:", "  parley broker show --dir /srv/broker --line > broker.txt"})
  int show(
      @Option(
              names = "--dir",
              paramLabel = "DIR",
              description = "The broker's home. Default: broker/ in the party's home.")
          @Nullable Path dir,
      @Option(
              names = "--address",
              paramLabel = "HOST:PORT",
              description = "Where members reach it. Default: as broker.yaml says.")
          @Nullable String address,
      @Option(names = "--line", description = "Only the line.") boolean line)
      throws IOException {
    Broker broker = BrokerLine.ofHome(home(dir), address);
    if (line) {
      session.terminal().out().println(BrokerLine.of(broker));
      return ExitCode.OK;
    }
    Map<String, @Nullable Object> fields = new LinkedHashMap<>();
    fields.put("broker", broker.name());
    fields.put("digest", broker.digest().toString());
    fields.put("ca", broker.ca().sha256().toString());
    fields.put("address", broker.address());
    fields.put("line", BrokerLine.of(broker));
    session.printer().thing(fields);
    return ExitCode.OK;
  }

  @Command(
      name = "verify",
      description = {
        "Asks the broker for evidence of its own, judges it, and prints its claims as JSON; refuses with"
            + " exit code 3 and says why on standard error."
      },
      footer = {
        "Nodes do the same before they submit or join a job, and 'agreement sign' before it signs, where",
        "the agreement demands it.",
        "",
        "Examples:",
        "  parley broker verify 3f9a12cc             as that agreement demands",
        "  parley broker verify agreement.yaml --explain",
        "  parley broker verify                      genuine, whatever it shows",
      })
  int verify(
      @Parameters(
              paramLabel = "DIGEST|FILE",
              arity = "0..1",
              description = "An agreement whose demand is compared. Default: none is.")
          @Nullable String which,
      @Option(
              names = "--explain",
              description = "Show what was expected, what was seen and where from, claim by claim.")
          boolean explain)
      throws IOException {
    return new BrokerVerification(session).run(which, explain);
  }

  private Path home(@Nullable Path dir) {
    return dir == null ? session.party().broker() : dir.toAbsolutePath().normalize();
  }
}
