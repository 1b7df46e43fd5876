package io.parley.peer;

import io.parley.identity.NodeIdentity;
import io.parley.peer.apps.AppStore;
import io.parley.peer.broker.BrokerProgram;
import io.parley.peer.cli.process.Distribution;
import io.parley.peer.config.NodeConfig;
import io.parley.peer.config.NodeConfig.BrokerMode;
import io.parley.peer.config.NodeConfig.RemoteEnclave;
import io.parley.peer.config.NodeConfigFile;
import io.parley.peer.enclaves.BwrapLauncher;
import io.parley.peer.enclaves.EnclaveLauncher;
import io.parley.peer.enclaves.ShimDistribution;
import io.parley.peer.enclaves.remote.EnclaveClient;
import io.parley.peer.enclaves.remote.RemoteLauncher;
import io.parley.peer.grpc.NodeChannels;
import io.parley.peer.machine.Folders;
import io.parley.peer.members.ConsortiumService;
import io.parley.peer.members.MembershipStore;
import io.parley.peer.members.MembershipSync;
import io.parley.peer.platform.Platform;
import io.parley.peer.platform.kinds.Platforms;
import io.parley.process.Closing;
import io.parley.process.NativeFolder;
import io.parley.transport.MutualTls;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Puts a node together from a party's home, top to bottom. */
final class PeerWiring {
  private static final String BROKER_MAIN = "io.parley.broker.Main";
  private static final String BROKER_HEAP = "256m";

  private PeerWiring() {}

  /**
   * Starts the node of this home.
   *
   * @throws io.parley.wire.ParleyException that says what is wrong; nothing is left then
   */
  static Running start(Path home) {
    Closing parts = Running.parts();
    try {
      return start(home, parts);
    } catch (RuntimeException e) {
      parts.close();
      throw e;
    }
  }

  private static Running start(Path home, Closing parts) {
    Clock clock = Clock.systemUTC();
    SecureRandom random = new SecureRandom();
    NodeConfig config = NodeConfigFile.read(home.resolve("parley.yaml"));
    Path state = home.resolve("state");
    parts.add(HomeLock.take(state));
    NativeFolder.prepare(state.resolve("native"));
    Distribution distribution = Distribution.find();
    EmbeddedBroker broker = broker(config, home, distribution);
    if (broker != null) {
      parts.add(broker);
    }
    NodeIdentity identity = NodeIdentity.load(home.resolve("identity"));
    Path consortium = home.resolve("consortium");
    MembershipStore members = MembershipStore.open(consortium);
    MutualTls tls = new MutualTls(clock);
    NodeChannels channels = new NodeChannels(identity.tls(), tls, members);
    parts.add(channels);
    EnclaveLauncher launcher = launcher(config, distribution, identity, tls, random, state, parts);
    parts.add(launcher);
    AppStore apps = AppStore.open(state.resolve("apps"), distribution.root().resolve("apps"));
    MembershipSync sync = new MembershipSync(config.party(), consortium, members, channels);
    parts.add(sync);
    PeerNode node =
        PeerNode.start(
            new PeerNode.Parts(
                config,
                state,
                identity,
                members,
                tls,
                channels,
                launcher,
                apps,
                new BrokerProgram(
                    () -> distribution.brokerCommand(BROKER_MAIN, BROKER_HEAP),
                    BrokerProgram.WITHIN),
                List.of(
                    ConsortiumService.of(config.party(), consortium, members, sync, clock, random)),
                version(),
                random,
                clock));
    parts.add(node);
    if (broker != null) {
      broker.awaitReady();
      // Who asked for it before that waits longer after each time, and need not.
      channels.broker(members.current().broker()).resetConnectBackoff();
    }
    sync.start();
    return new Running(parts, config.listen().withPort(node.port()).toString());
  }

  private static @Nullable EmbeddedBroker broker(
      NodeConfig config, Path home, Distribution distribution) {
    return config.broker() == BrokerMode.EMBEDDED
        ? EmbeddedBroker.start(
            distribution.servingBrokerCommand(BROKER_MAIN, BROKER_HEAP),
            home.resolve("broker"),
            home.resolve("state").resolve("broker-run"))
        : null;
  }

  /** Here, or in the party's confidential VM. */
  private static EnclaveLauncher launcher(
      NodeConfig config,
      Distribution distribution,
      NodeIdentity identity,
      MutualTls tls,
      SecureRandom random,
      Path state,
      Closing parts) {
    RemoteEnclave remote = config.enclave().remote();
    if (remote != null) {
      return new RemoteLauncher(
          new EnclaveClient(remote, identity, tls), config.enclave().platform().kind());
    }
    Platform platform =
        Platforms.open(
            config.enclave().platform(),
            new Platforms.Surroundings(
                state,
                Folders.temporary(),
                config.enclave().uid(),
                identity.platformKey()::sign,
                random));
    parts.add(platform);
    return BwrapLauncher.open(
        ShimDistribution.of(distribution.root()),
        platform,
        Folders.temporary(),
        config.enclave().uid());
  }

  static String version() {
    return Objects.requireNonNullElse(
        PeerWiring.class.getPackage().getImplementationVersion(), "development");
  }
}
