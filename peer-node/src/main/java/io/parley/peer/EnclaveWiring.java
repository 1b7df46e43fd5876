package io.parley.peer;

import io.parley.evidence.SimulatedEvidence;
import io.parley.identity.EnclaveIdentity;
import io.parley.identity.KeyFiles;
import io.parley.identity.SigningKey;
import io.parley.peer.apps.AppStore;
import io.parley.peer.cli.process.Distribution;
import io.parley.peer.config.EnclaveConfig;
import io.parley.peer.config.EnclaveConfigFile;
import io.parley.peer.config.PlatformConfig;
import io.parley.peer.enclaves.BwrapLauncher;
import io.parley.peer.enclaves.EnclaveLauncher;
import io.parley.peer.enclaves.ShimDistribution;
import io.parley.peer.enclaves.remote.EnclaveServer;
import io.parley.peer.machine.Folders;
import io.parley.peer.platform.Platform;
import io.parley.peer.platform.kinds.Platforms;
import io.parley.process.Closing;
import io.parley.transport.MutualTls;
import io.parley.wire.BugException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;

/** Puts an enclave server together from its folder, top to bottom. */
final class EnclaveWiring {

  private EnclaveWiring() {}

  /**
   * Starts the enclave server of this folder.
   *
   * @throws io.parley.wire.ParleyException that says what is wrong; nothing is left then
   */
  static Running start(Path folder) {
    Closing parts = Running.parts();
    try {
      return start(folder, parts);
    } catch (RuntimeException e) {
      parts.close();
      throw e;
    }
  }

  private static Running start(Path folder, Closing parts) {
    Clock clock = Clock.systemUTC();
    EnclaveConfig config = EnclaveConfigFile.read(folder.resolve("enclave.yaml"));
    Path state = folder.resolve("state");
    parts.add(HomeLock.take(state));
    EnclaveIdentity identity = EnclaveIdentity.load(folder.resolve("identity"));
    Distribution distribution = Distribution.find();
    SecureRandom random = new SecureRandom();
    Platform platform = platform(config, folder, state, random, parts);
    parts.add(platform);
    EnclaveLauncher launcher =
        BwrapLauncher.open(
            ShimDistribution.of(distribution.root()), platform, Folders.temporary(), config.uid());
    parts.add(launcher);
    EnclaveServer server =
        new EnclaveServer(
            new EnclaveServer.Needs(
                config,
                identity,
                new MutualTls(clock),
                launcher,
                platform.kind(),
                AppStore.open(state.resolve("apps"), distribution.root().resolve("apps")),
                PeerWiring.version(),
                random,
                clock));
    parts.add(server);
    return new Running(parts, config.listen().withPort(server.port()).toString());
  }

  /** The simulated platform signs with the party's key for that, which agreements name. */
  private static Platform platform(
      EnclaveConfig config, Path folder, Path state, SecureRandom random, Closing parts) {
    return Platforms.open(
        config.platform(),
        new Platforms.Surroundings(
            state,
            Folders.temporary(),
            config.uid(),
            config.platform() instanceof PlatformConfig.Simulated
                ? simulated(folder, parts)
                : (label, message) -> {
                  throw new BugException("only the simulated platform signs with the party's key");
                },
            random));
  }

  private static SimulatedEvidence.Signer simulated(Path folder, Closing parts) {
    SigningKey key = KeyFiles.loadSigning(folder.resolve("identity").resolve("platform.key"));
    parts.add(key::close);
    return key::sign;
  }
}
