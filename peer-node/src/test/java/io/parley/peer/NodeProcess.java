package io.parley.peer;

import com.google.protobuf.ByteString;
import io.parley.identity.Membership;
import io.parley.identity.MembershipCodec;
import io.parley.identity.NodeIdentity;
import io.parley.peer.apps.AppStore;
import io.parley.peer.broker.Judgement;
import io.parley.peer.config.NodeConfig;
import io.parley.peer.config.NodeConfigFile;
import io.parley.peer.enclaves.EnclaveLauncher;
import io.parley.peer.enclaves.remote.EnclaveClient;
import io.parley.peer.enclaves.remote.RemoteLauncher;
import io.parley.peer.grpc.NodeChannels;
import io.parley.peer.testing.FakeEnclaves;
import io.parley.peer.testing.FakeShim;
import io.parley.transport.MutualTls;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A node of its own process, whose enclaves hang, so that it can be killed or stopped. */
final class NodeProcess implements AutoCloseable {
  private final Process process;

  /**
   * Starts it in place of a node that has been stopped, on its state, keys and ports.
   *
   * @param config the text of parley.yaml
   */
  NodeProcess(Path folder, String config, Path home, Path state, Membership membership)
      throws IOException {
    Path yaml = Files.writeString(folder.resolve("process.yaml"), config);
    Path members =
        Files.write(folder.resolve("members"), MembershipCodec.encode(membership).toByteArray());
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    for (String argument : ManagementFactory.getRuntimeMXBean().getInputArguments()) {
      if (argument.startsWith("--")) {
        command.add(argument);
      }
    }
    command.addAll(
        List.of(
            "-Xmx256m",
            // A killed process leaves what it has unpacked: below target, as this one's.
            "-Dorg.sqlite.tmpdir=" + System.getProperty("org.sqlite.tmpdir", "target"),
            "-cp",
            System.getProperty("java.class.path"),
            NodeProcess.class.getName(),
            yaml.toString(),
            home.toString(),
            state.toString(),
            members.toString()));
    process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("process.log").toFile())
            .start();
  }

  /** Sends a signal, such as STOP or CONT. */
  void signal(String name) throws Exception {
    Process kill = new ProcessBuilder("kill", "-" + name, Long.toString(process.pid())).start();
    if (!kill.waitFor(20, TimeUnit.SECONDS) || kill.exitValue() != 0) {
      throw new IllegalStateException("kill -%s failed".formatted(name));
    }
  }

  /** Kills it at once: it can tidy up nothing, and say nothing. */
  @Override
  public void close() throws InterruptedException {
    process.destroyForcibly().waitFor(20, TimeUnit.SECONDS);
  }

  private static EnclaveLauncher launcher(NodeConfig config, NodeIdentity identity, MutualTls tls) {
    NodeConfig.RemoteEnclave remote = config.enclave().remote();
    return remote == null
        ? new FakeEnclaves(FakeShim::hang)
        : new RemoteLauncher(
            new EnclaveClient(remote, identity, tls), config.enclave().platform().kind());
  }

  /** The process itself. */
  public static void main(String[] args) throws Exception {
    Membership membership =
        MembershipCodec.decode(ByteString.copyFrom(Files.readAllBytes(Path.of(args[3]))));
    NodeIdentity identity = NodeIdentity.load(Path.of(args[1]).resolve("identity"));
    InstantSource clock = InstantSource.system();
    MutualTls tls = new MutualTls(clock);
    Path state = Path.of(args[2]);
    PeerNode node =
        PeerNode.start(
            new PeerNode.Parts(
                NodeConfigFile.read(Path.of(args[0])),
                state,
                identity,
                () -> membership,
                tls,
                new NodeChannels(identity.tls(), tls, () -> membership),
                launcher(NodeConfigFile.read(Path.of(args[0])), identity, tls),
                AppStore.open(state.resolve("apps"), state.resolve("none")),
                question -> new Judgement.Unchecked("TEST", "nobody judges here", List.of()),
                List.of(),
                "test",
                new SecureRandom(),
                clock));
    try (node) {
      Thread.sleep(600_000);
    }
  }
}
