package io.parley.peer.cli;

import io.parley.agreement.DsseEnvelope;
import io.parley.identity.Broker;
import io.parley.identity.Member;
import io.parley.identity.MembershipChain;
import io.parley.identity.PartyIdentity;
import io.parley.identity.Role;
import io.parley.peer.cli.process.ChildJvm;
import io.parley.peer.cli.process.Distribution;
import io.parley.peer.members.MembershipStore;
import io.parley.transport.ReservedPorts;
import io.parley.wire.BugException;
import io.parley.wire.EnvironmentException;
import io.parley.wire.ParleyException;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/** The parties of a rehearsal and their broker: made up, signed into a list, and running. */
final class Cast {
  private static final String NODE_MAIN = "io.parley.peer.PeerMain";
  private static final String NODE_HEAP = "256m";
  private static final Duration READY = Duration.ofSeconds(120);
  private static final Duration VALID = Duration.ofDays(1);
  private static final String ANALYST = "analyst";

  private final Session session;
  private final Stage stage;
  private final Map<String, Player> players = new LinkedHashMap<>();

  Cast(Session session, Stage stage, List<String> parties) {
    this.session = session;
    this.stage = stage;
    for (String party : parties) {
      Path home = stage.folder().resolve(party);
      players.put(party, new Player(session, home));
    }
  }

  /** How the nodes, and their broker, differ from what they are by default. */
  record NodeSettings(
      boolean relay, @Nullable Long memory, boolean emulatedTpm, BrokerKeys.Vault vault) {
    String yaml() {
      List<String> enclave = new ArrayList<>();
      if (memory != null) {
        enclave.add("memory: " + memory + "B");
      }
      if (emulatedTpm) {
        enclave.add("evidence: tpm2, tpm: swtpm");
      }
      return (relay ? "data: {mode: relay}\n" : "")
          + (enclave.isEmpty() ? "" : "enclave: {" + String.join(", ", enclave) + "}\n");
    }
  }

  /** One party: its home, its node, its clients. */
  static final class Player {
    private final Session session;
    private final PartyHome home;
    private final PartyHome analyst;
    private @Nullable NodeClient node;
    private @Nullable NodeClient analystNode;
    private @Nullable BrokerClient broker;

    Player(Session session, Path root) {
      this.session = session;
      this.home = new PartyHome(root, "operator");
      this.analyst = new PartyHome(root, ANALYST);
    }

    PartyHome home() {
      return home;
    }

    NodeClient node() {
      if (node == null) {
        node = session.nodeOf(home);
      }
      return node;
    }

    NodeClient analystNode() {
      if (analystNode == null) {
        analystNode = session.nodeOf(analyst);
      }
      return analystNode;
    }

    BrokerClient broker() {
      if (broker == null) {
        broker = session.brokerOf(home);
      }
      return broker;
    }
  }

  List<String> parties() {
    return List.copyOf(players.keySet());
  }

  Player first() {
    return players.values().iterator().next();
  }

  boolean isFirst(String party) {
    return parties().getFirst().equals(party);
  }

  Player player(String party) {
    Player player = players.get(party);
    if (player == null) {
      throw new RefusedException(
          Reason.INVALID_REQUEST, "'%s' is none of the parties %s".formatted(party, parties()));
    }
    return player;
  }

  /** Identities, then the list that all have signed, then the processes; in parallel. */
  void start(NodeSettings settings) throws IOException, InterruptedException {
    // Lists name addresses, so they must be known before anybody listens there.
    try (ReservedPorts reserved = new ReservedPorts()) {
      List<Integer> ports = new ArrayList<>();
      for (int i = 0; i <= players.size(); i++) {
        ports.add(reserved.next());
      }
      start(settings, ports);
    }
  }

  private void start(NodeSettings settings, List<Integer> ports)
      throws IOException, InterruptedException {
    Path brokerHome = stage.folder().resolve("broker");
    String brokerAddress = "127.0.0.1:" + ports.getLast();
    SoftToken token =
        settings.vault() == BrokerKeys.Vault.PKCS11
            ? SoftToken.create(stage.folder().resolve("hsm"), session.terminal().random())
            : null;
    List<String> brokerInit =
        new ArrayList<>(
            BrokerCommands.initCommand(brokerHome, "broker", brokerAddress, "membership"));
    if (token != null) {
      brokerInit.addAll(BrokerKeys.inToken(token.library(), token.label(), token.pinFile()));
    }
    Map<String, PartyIdentity> identities = identities(settings, ports, brokerInit);
    try {
      enrol(identities, ports, BrokerLine.ofHome(brokerHome, brokerAddress), brokerHome);
    } finally {
      identities.values().forEach(PartyIdentity::close);
    }
    List<ChildJvm> processes = new ArrayList<>();
    processes.add(
        stage.start(
            "broker",
            // As a program that ends soon, for it serves one rehearsal.
            BrokerCommands.programCommand(),
            List.of("--home", brokerHome.toString()),
            token == null ? Map.of() : token.environment()));
    List<String> node = Distribution.find().peerCommand(NODE_MAIN, NODE_HEAP);
    for (Map.Entry<String, Player> player : players.entrySet()) {
      processes.add(
          stage.start(
              player.getKey(),
              node,
              List.of("--home", player.getValue().home().root().toString())));
    }
    for (ChildJvm process : processes) {
      process.awaitReady(READY);
    }
  }

  private Map<String, PartyIdentity> identities(
      NodeSettings settings, List<Integer> ports, List<String> brokerCommand)
      throws IOException, InterruptedException {
    Process brokerInit =
        new ProcessBuilder(brokerCommand)
            .redirectErrorStream(true)
            .redirectOutput(stage.folder().resolve("broker-init.log").toFile())
            .start();
    Map<String, Future<PartyIdentity>> coming = new LinkedHashMap<>();
    Map<String, PartyIdentity> identities = new LinkedHashMap<>();
    try (ExecutorService workers = Executors.newVirtualThreadPerTaskExecutor()) {
      int index = 0;
      for (String party : parties()) {
        String listen = "127.0.0.1:" + ports.get(index++);
        coming.put(party, workers.submit(() -> identity(party, listen, settings)));
      }
      for (Map.Entry<String, Future<PartyIdentity>> one : coming.entrySet()) {
        identities.put(one.getKey(), one.getValue().get());
      }
    } catch (ExecutionException e) {
      brokerInit.destroyForcibly();
      throw e.getCause() instanceof RuntimeException cause
          ? cause
          : new BugException("making an identity failed", e.getCause());
    }
    if (brokerInit.waitFor() != 0) {
      throw new EnvironmentException(
          Reason.IO_FAILED,
          "the rehearsal's broker could not be made: "
              + Files.readString(stage.folder().resolve("broker-init.log")).strip());
    }
    return identities;
  }

  private PartyIdentity identity(String party, String listen, NodeSettings settings)
      throws IOException {
    PartyHome home = player(party).home();
    Terminal terminal = session.terminal();
    Files.createDirectories(home.root());
    PartyIdentity identity =
        PartyIdentity.create(home.identity(), party, terminal.clock(), terminal.random());
    IdentityCommands.issue(home, identity, Role.OPERATOR, "operator", VALID);
    IdentityCommands.issue(home, identity, Role.ANALYST, ANALYST, VALID);
    Files.writeString(home.config(), Templates.node(party, listen, false) + settings.yaml());
    return identity;
  }

  /** Version 1 by the first party, version 2 with everybody, signed by everybody. */
  private void enrol(
      Map<String, PartyIdentity> identities, List<Integer> ports, Broker broker, Path brokerHome) {
    Instant now = session.terminal().clock().instant();
    List<Member> members = new ArrayList<>();
    int index = 0;
    for (PartyIdentity identity : identities.values()) {
      members.add(identity.member("127.0.0.1:" + ports.get(index++)));
    }
    PartyIdentity founder = identities.values().iterator().next();
    MembershipChain chain =
        MembershipChain.found("rehearsal", now, members.getFirst(), broker, founder.signingKey());
    if (members.size() > 1) {
      DsseEnvelope everybody = chain.propose(members, broker, now);
      for (PartyIdentity identity : identities.values()) {
        everybody =
            chain.addSignature(
                everybody, chain.sign(everybody, identity.name(), identity.signingKey()));
      }
      chain = chain.append(everybody);
    }
    MembershipStore.create(brokerHome.resolve("membership"), chain);
    for (Player player : players.values()) {
      MembershipStore.create(player.home().consortium(), chain);
    }
  }

  /** Does something at a party; a failure names it. */
  static <T> T at(String party, Callable<T> work) {
    try {
      return work.call();
    } catch (ParleyException e) {
      String message = "at '" + party + "': " + e.getMessage();
      throw switch (e) {
        case RefusedException _ -> new RefusedException(e.reason(), message, e.metadata(), e);
        case EnvironmentException _ ->
            new EnvironmentException(e.reason(), message, e.metadata(), e);
        case BugException _ -> new BugException(message, e);
      };
    } catch (IOException e) {
      throw new UncheckedIOException("at '" + party + "'", e);
    } catch (RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new BugException("at '" + party + "'", e);
    }
  }
}
