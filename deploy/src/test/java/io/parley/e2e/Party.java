package io.parley.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.parley.transport.ReservedPorts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** One party: its home, and its node as a process. */
final class Party implements AutoCloseable {
  static final ReservedPorts PORTS = new ReservedPorts();
  private static final Duration PATIENCE = Duration.ofSeconds(90);

  final String name;
  final Path home;
  final int port;
  private @Nullable Process node;

  private Party(String name, Path home, int port) {
    this.name = name;
    this.home = home;
    this.port = port;
  }

  /** A consortium of two; the first also runs the broker. Both nodes are up. */
  static List<Party> two(Path folder, String first, String second) throws Exception {
    return two(folder, first, second, "");
  }

  /** The same, with more in broker.yaml. */
  static List<Party> two(Path folder, String first, String second, String brokerYaml)
      throws Exception {
    return two(folder, first, second, brokerYaml, Map.of());
  }

  /** The same, with more in these parties' parley.yaml too. */
  static List<Party> two(
      Path folder, String first, String second, String brokerYaml, Map<String, String> nodeYaml)
      throws Exception {
    Party founder = new Party(first, folder.resolve(first), PORTS.next());
    Party other = new Party(second, folder.resolve(second), PORTS.next());
    founder.parley(
        "identity", "create", "--party", first, "--listen", founder.address(), "--embedded-broker");
    founder.parley("broker", "create", "--listen", "127.0.0.1:" + PORTS.next());
    Files.writeString(
        founder.home.resolve("broker").resolve("broker.yaml"),
        brokerYaml,
        StandardOpenOption.APPEND);
    founder.parley(
        "consortium",
        "init",
        "--name",
        "e2e",
        "--address",
        founder.address(),
        "--broker",
        founder.home.resolve("broker").toString());
    founder.configure(nodeYaml);
    founder.start();
    other.parley("identity", "create", "--party", second, "--listen", other.address());
    other.configure(nodeYaml);
    Path invitation =
        Files.writeString(
            folder.resolve("invitation"), founder.parley("--quiet", "consortium", "invite").out());
    other.parley(
        "consortium", "join", invitation.toString(), "--address", other.address(), "--yes");
    founder.parley("consortium", "approve", second, "--yes");
    other.start();
    return List.of(founder, other);
  }

  /** A consortium of one, whose broker listens on this port. */
  static Party alone(Path home, String name, int brokerPort) throws Exception {
    Party party = new Party(name, home, PORTS.next());
    party.parley(
        "identity", "create", "--party", name, "--listen", party.address(), "--embedded-broker");
    party.parley("broker", "create", "--listen", "127.0.0.1:" + brokerPort);
    party.parley(
        "consortium",
        "init",
        "--name",
        "alone",
        "--address",
        party.address(),
        "--broker",
        party.home.resolve("broker").toString());
    party.start();
    return party;
  }

  private void configure(Map<String, String> nodeYaml) throws IOException {
    Files.writeString(
        home.resolve("parley.yaml"), nodeYaml.getOrDefault(name, ""), StandardOpenOption.APPEND);
  }

  String address() {
    return "127.0.0.1:" + port;
  }

  /** Runs a command that must succeed. */
  Command.Result parley(String... args) throws InterruptedException {
    return run(args).ok();
  }

  /** Runs a command, however it ends. */
  Command.Result run(String... args) throws InterruptedException {
    List<String> command = new ArrayList<>(List.of("--home", home.toString()));
    command.addAll(List.of(args));
    return Command.here(command);
  }

  /** Starts the node, and waits until it and its broker answer. */
  void start() throws IOException {
    Path log = home.resolve("log.txt");
    node = Command.start(List.of("--home", home.toString(), "peer", "serve"), log);
    await()
        .atMost(PATIENCE)
        .until(() -> {
          if (!node().isAlive()) {
            throw new AssertionError("the node ended:\n" + Files.readString(log));
          }
          return Files.readString(log).contains("the node serves on");
        });
  }

  Process node() {
    if (node == null) {
      throw new IllegalStateException(name + " has no node");
    }
    return node;
  }

  /** kill -9: the node, and nothing else. */
  void kill() throws InterruptedException {
    node().destroyForcibly().waitFor();
  }

  /** Proposes here and signs at the other; the digest. */
  String agree(Party other, String yaml) throws Exception {
    Path file = Files.writeString(home.resolve("agreement.yaml"), yaml);
    String digest =
        field(
            "digest",
            parley(
                "--quiet", "--output", "json", "agreement", "propose", file.toString(), "--yes"));
    other.parley("--quiet", "agreement", "sign", digest, "--yes");
    return digest;
  }

  String submit(String digest) throws Exception {
    return field("job", parley("--quiet", "--output", "json", "job", "submit", digest));
  }

  /** Submits a job of an agreement whose jobs bring their query. */
  String submit(String digest, String query) throws Exception {
    return field(
        "job",
        parley(
            "--quiet", "--output", "json", "job", "submit", digest, "--param", "query=" + query));
  }

  /** Waits until the job has ended; what {@code job show} says of it then. */
  String awaitEnd(String job) throws Exception {
    Command.Result unused = run("--quiet", "job", "watch", job);
    return parley("--output", "json", "job", "show", job).out();
  }

  /** Waits until the computing enclave runs the app. */
  void awaitComputing(String job) {
    awaitShown(job, "\"compute\"");
  }

  /** Waits until {@code job show} of a job that goes on says this. */
  void awaitShown(String job, String said) {
    await()
        .atMost(PATIENCE)
        .untilAsserted(() -> {
          String shown = parley("--output", "json", "job", "show", job).out();
          if (!shown.contains(said) && shown.contains("\"FAILED\"")) {
            throw new IllegalStateException("the job has failed:\n" + shown);
          }
          assertThat(shown).contains(said);
        });
  }

  static String field(String name, Command.Result json) {
    Matcher matcher = Pattern.compile("\"" + name + "\": *\"([^\"]*)\"").matcher(json.out());
    if (!matcher.find()) {
      throw new AssertionError("no '" + name + "' in " + json);
    }
    return matcher.group(1);
  }

  @Override
  public void close() {
    if (node == null) {
      return;
    }
    node.destroy();
    try {
      if (!node.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
        node.destroyForcibly();
      }
    } catch (InterruptedException e) {
      node.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }
}
