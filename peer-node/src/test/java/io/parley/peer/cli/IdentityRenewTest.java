package io.parley.peer.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.parley.identity.BrokerIdentity;
import io.parley.identity.CertificateCheck;
import io.parley.identity.NodeIdentity;
import io.parley.identity.TlsIdentity;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class IdentityRenewTest {
  @TempDir Path folder;
  private Path home;

  @BeforeEach
  void create() {
    home = folder.resolve("hospital");
    Captured.run(home, "identity", "create", "--party", "hospital").ok();
    Captured.run(home, "identity", "issue", "--role", "analyst", "--name", "ada", "--valid", "1d")
        .ok();
  }

  @Test
  void allCertificatesAreRenewedAndKeysAndCaStay() throws Exception {
    var _ =
        BrokerIdentity.create(
            home.resolve("broker/identity"), "broker", Clock.systemUTC(), new SecureRandom());
    TlsIdentity node = NodeIdentity.load(home.resolve("identity")).tls();
    TlsIdentity ada = ada();
    byte[] brokerKey = Files.readAllBytes(home.resolve("broker/identity/broker.key"));

    Captured renew = Captured.run(home, "identity", "renew", "--valid", "700d").ok();

    assertThat(renew.out()).contains("node", "client ada", "client operator", "broker");
    assertRenewed(node, NodeIdentity.load(home.resolve("identity")).tls());
    assertRenewed(ada, ada());
    TlsIdentity broker = BrokerIdentity.load(home.resolve("broker/identity")).tls();
    assertThat(end(broker)).isAfter(inDays(699));
    assertThat(home.resolve("broker/identity/broker.key")).hasBinaryContent(brokerKey);
    try (var files = Files.list(home.resolve("identity"))) {
      assertThat(files.map(file -> file.getFileName().toString()))
          .noneMatch(name -> name.endsWith(".new"));
    }
  }

  @Test
  void oneClientCanBeRenewedAlone() {
    TlsIdentity node = NodeIdentity.load(home.resolve("identity")).tls();
    TlsIdentity ada = ada();
    Captured.run(home, "identity", "renew", "--client", "ada", "--valid", "700d").ok();
    assertRenewed(ada, ada());
    assertThat(NodeIdentity.load(home.resolve("identity")).tls().leaf()).isEqualTo(node.leaf());
  }

  @Test
  void aClientThatIsNotThereIsRefused() {
    Captured run = Captured.run(home, "identity", "renew", "--client", "eve");
    assertThat(run.code()).isNotZero();
    assertThat(run.err()).contains("no client certificate 'eve'");
  }

  private void assertRenewed(TlsIdentity before, TlsIdentity after) {
    assertThat(after.caller()).isEqualTo(before.caller());
    assertThat(after.ca()).isEqualTo(before.ca());
    assertThat(after.leaf().getPublicKey()).isEqualTo(before.leaf().getPublicKey());
    assertThat(after.leaf()).isNotEqualTo(before.leaf());
    assertThat(end(after)).isAfter(inDays(699)).isAfter(end(before));
    assertThat(
            CertificateCheck.verify(
                List.of(after.leaf()),
                caller -> after.ca(),
                CertificateCheck.Use.CLIENT,
                Instant.now()))
        .isEqualTo(before.caller());
  }

  private TlsIdentity ada() {
    return TlsIdentity.load(home.resolve("clients/ada.crt"), home.resolve("clients/ada.key"));
  }

  private static Instant end(TlsIdentity identity) {
    return identity.leaf().getNotAfter().toInstant();
  }

  private static Instant inDays(long days) {
    return Instant.now().plus(Duration.ofDays(days));
  }
}
