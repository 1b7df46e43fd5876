package io.parley.peer.cli;

import io.parley.identity.NodeIdentity;
import io.parley.peer.config.NodeConfig;
import io.parley.peer.config.NodeConfig.RemoteEnclave;
import io.parley.peer.config.NodeConfigFile;
import io.parley.peer.enclaves.remote.EnclaveClient;
import io.parley.transport.MutualTls;
import io.parley.wire.ParleyException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;

/** The enclave server in the party's confidential VM, where parley.yaml names one. */
final class EnclaveChecks {
  private static final String WHAT = "enclave server";

  private final Session session;
  private final List<Finding> findings = new ArrayList<>();

  EnclaveChecks(Session session) {
    this.session = session;
  }

  List<Finding> run() {
    PartyHome home = session.party();
    if (!Files.exists(home.config()) || !Files.isDirectory(home.identity())) {
      return findings;
    }
    try {
      NodeConfig config = NodeConfigFile.read(home.config());
      RemoteEnclave remote = config.enclave().remote();
      if (remote != null) {
        ask(config, remote, NodeIdentity.load(home.identity()));
      }
    } catch (ParleyException e) {
      findings.add(Finding.fail(WHAT, e.reason() + ": " + e.getMessage(), Hints.of(e, "")));
    }
    return findings;
  }

  private void ask(NodeConfig config, RemoteEnclave remote, NodeIdentity identity) {
    EnclaveClient client =
        new EnclaveClient(remote, identity, new MutualTls(session.terminal().clock()));
    EnclaveClient.Info info = client.info();
    findings.add(
        Finding.ok(
            WHAT,
            "'%s' at %s, version %s, isolation %s, %d of %d enclaves run"
                .formatted(
                    remote.name(),
                    remote.address(),
                    info.version(),
                    info.isolation(),
                    info.enclavesRunning(),
                    info.enclavesMax())));
    findings.add(Finding.ok("its shim", info.shim() + ", as it says; evidence proves it"));
    kind(config, info);
    memory(config, info);
  }

  private void kind(NodeConfig config, EnclaveClient.Info info) {
    String expected = config.enclave().platform().kind();
    findings.add(
        info.evidenceKind().equals(expected)
            ? Finding.ok("its evidence", "%s".formatted(JobViews.evidence(info.evidenceKind())))
            : Finding.fail(
                "its evidence",
                "it makes %s, and parley.yaml says %s".formatted(info.evidenceKind(), expected),
                "make 'enclave.evidence' in parley.yaml and 'evidence' in enclave.yaml the same"));
  }

  private void memory(NodeConfig config, EnclaveClient.Info info) {
    long wanted = config.enclave().memoryBytes();
    String detail =
        "%d MiB for all enclaves and their datasets; one of ours takes %d MiB"
            .formatted(info.memoryBytes() >> 20, wanted >> 20);
    findings.add(
        wanted <= info.memoryBytes()
            ? Finding.ok("its memory", detail)
            : Finding.fail(
                "its memory", detail, "raise 'memory' in enclave.yaml, or lower enclave.memory"));
  }
}
