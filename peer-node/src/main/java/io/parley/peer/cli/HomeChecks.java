package io.parley.peer.cli;

import io.parley.evidence.MeasuredEvent;
import io.parley.identity.Membership;
import io.parley.identity.NodeIdentity;
import io.parley.identity.TlsIdentity;
import io.parley.peer.config.NodeConfig;
import io.parley.peer.config.NodeConfigFile;
import io.parley.peer.config.PlatformConfig;
import io.parley.peer.config.PlatformConfig.Elsewhere;
import io.parley.peer.config.PlatformConfig.EmulatedTpm;
import io.parley.peer.machine.Folders;
import io.parley.peer.platform.kinds.Platforms;
import io.parley.wire.EnvironmentException;
import io.parley.wire.ParleyException;
import io.parley.wire.Reason;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The party's home: its configuration, keys, certificates and membership list. */
final class HomeChecks {
  private static final Duration EXPIRY_WARNING = Duration.ofDays(30);
  private static final Set<PosixFilePermission> OTHERS =
      PosixFilePermissions.fromString("---rwxrwx");

  private final Session session;
  private final PartyHome home;
  private final List<Finding> findings = new ArrayList<>();

  HomeChecks(Session session) {
    this.session = session;
    this.home = session.party();
  }

  List<Finding> run() {
    if (home.clientNames().isEmpty() && !Files.exists(home.config())) {
      findings.add(
          Finding.warn(
              "home", home.root() + " is no party's home", "parley identity create --party NAME"));
      return findings;
    }
    findings.add(Finding.ok("home", home.root().toString()));
    check("configuration", this::configuration);
    keys();
    certificates();
    check("membership", this::membership);
    return findings;
  }

  private void configuration() {
    if (!Files.exists(home.config())) {
      findings.add(Finding.warn("configuration", "no parley.yaml: this home runs no node", ""));
      return;
    }
    NodeConfig config = NodeConfigFile.read(home.config());
    findings.add(Finding.ok("configuration", home.config().toString()));
    port(config);
    // Of an enclave server elsewhere: EnclaveChecks asks that.
    if (!(config.enclave().platform() instanceof Elsewhere)) {
      check("evidence", () -> evidence(config));
    }
  }

  /** Tries out what vouches for enclaves. */
  private void evidence(NodeConfig config) {
    PlatformConfig platform = config.enclave().platform();
    Path throwAway = scratch();
    try {
      // An emulated TPM's authority stays as it is: a throw-away one will do to try it out.
      Path state = platform instanceof EmulatedTpm ? throwAway : home.root().resolve("state");
      Map<String, String> facts =
          Platforms.facts(
                  platform, OwnMachine.surroundings(state, config, session), MeasuredEvent.PCRS)
              .values();
      String detail =
          Stream.of("evidence", "tpm", "maker", "provider", "note")
              .filter(facts::containsKey)
              .map(facts::get)
              .collect(Collectors.joining(", "));
      findings.add(Finding.ok("evidence", detail));
    } finally {
      remove(throwAway);
    }
  }

  private static Path scratch() {
    try {
      return Files.createTempDirectory("parley-doctor-");
    } catch (IOException e) {
      throw new EnvironmentException(
          Reason.IO_FAILED, "no folder for temporary files: " + e.getMessage());
    }
  }

  private static void remove(Path folder) {
    try {
      Folders.delete(folder);
    } catch (IOException e) {
      throw new EnvironmentException(
          Reason.IO_FAILED, "%s could not be removed: %s".formatted(folder, e.getMessage()));
    }
  }

  private void port(NodeConfig config) {
    int port = config.listen().port();
    if (port == 0) {
      findings.add(Finding.ok("port", "any free one"));
      return;
    }
    try (ServerSocket socket = new ServerSocket()) {
      socket.setReuseAddress(true);
      socket.bind(config.listen().resolve());
      findings.add(
          Finding.warn(
              "port", config.listen() + " is free: the node does not run", "parley peer serve"));
    } catch (IOException e) {
      findings.add(
          Finding.ok("port", config.listen() + " is taken, by the node if 'node' below is OK"));
    }
  }

  private void keys() {
    for (Path folder : List.of(home.identity(), home.clients())) {
      if (!Files.isDirectory(folder)) {
        continue;
      }
      try (Stream<Path> files = Files.list(folder)) {
        files.filter(f -> f.toString().endsWith(".key")).sorted().forEach(this::key);
      } catch (IOException | UncheckedIOException e) {
        findings.add(Finding.fail("keys", e.toString(), "check the rights of " + folder));
      }
    }
  }

  private void key(Path file) {
    try {
      Set<PosixFilePermission> open = Files.getPosixFilePermissions(file);
      String mode = PosixFilePermissions.toString(open);
      if (open.stream().anyMatch(OTHERS::contains)) {
        findings.add(
            Finding.fail(
                "key " + file.getFileName(), "others may use it: " + mode, "chmod 600 " + file));
      }
    } catch (IOException e) {
      findings.add(Finding.fail("key " + file.getFileName(), e.toString(), ""));
    }
  }

  private void certificates() {
    for (String name : home.clientNames()) {
      check(
          "certificate " + name,
          () ->
              expiry(
                  "certificate " + name,
                  TlsIdentity.load(home.certificate(name), home.key(name)).leaf(),
                  "move it away, then: parley identity issue --name " + name + " --role ..."));
    }
    if (Files.isDirectory(home.identity())) {
      check(
          "certificate of the node",
          () -> {
            TlsIdentity node = NodeIdentity.load(home.identity()).tls();
            expiry("certificate of the node", node.leaf(), "a new identity, and joining again");
            expiry("certificate authority", node.ca().x509(), "a new identity, and joining again");
          });
    }
  }

  private void expiry(String what, X509Certificate certificate, String todo) {
    Instant end = certificate.getNotAfter().toInstant();
    Instant now = session.terminal().clock().instant();
    if (now.isAfter(end)) {
      findings.add(Finding.fail(what, "expired at " + end, todo));
    } else if (now.isBefore(certificate.getNotBefore().toInstant())) {
      findings.add(
          Finding.fail(
              what,
              "not valid before " + certificate.getNotBefore().toInstant(),
              "set this machine's clock"));
    } else if (now.plus(EXPIRY_WARNING).isAfter(end)) {
      findings.add(Finding.warn(what, "expires at " + end, todo));
    } else {
      findings.add(Finding.ok(what, "good until " + end));
    }
  }

  private void membership() {
    if (!io.parley.peer.members.MembershipStore.exists(home.consortium())) {
      findings.add(
          Finding.warn("membership", "in no consortium yet", "parley consortium init, or join"));
      return;
    }
    Membership current = home.membership().current();
    String detail =
        "consortium '%s', version %d: %s"
            .formatted(current.consortium(), current.version(), String.join(", ", current.names()));
    findings.add(
        current.find(home.name()).isPresent()
            ? Finding.ok("membership", detail)
            : Finding.fail(
                "membership",
                detail + "; not '" + home.name() + "'",
                "the others say: parley consortium approve " + home.name()));
  }

  private void check(String what, Runnable check) {
    try {
      check.run();
    } catch (ParleyException e) {
      findings.add(
          Finding.fail(what, e.reason() + ": " + e.getMessage(), Hints.of(e, "parley doctor")));
    }
  }
}
