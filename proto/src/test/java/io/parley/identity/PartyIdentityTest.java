package io.parley.identity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.parley.seal.HpkeKeyPair;
import io.parley.seal.HpkeSuite;
import io.parley.wire.EnvironmentException;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class PartyIdentityTest {
  private static final List<String> SECRETS =
      List.of("ca.key", "node.key", "signing.key", "result.key", "platform.key", "witness.key");
  private final SecureRandom random = new SecureRandom();
  private final TestClock clock = new TestClock(Instant.parse("2026-11-21T00:00:00Z"));
  @TempDir Path temp;

  private Path folder() {
    return temp.resolve("home/identity");
  }

  private PartyIdentity create() {
    return PartyIdentity.create(folder(), "hospital", clock, random);
  }

  private PartyIdentity load() {
    return PartyIdentity.load(folder(), clock, random);
  }

  @Test
  void isTheSameAfterLoading() {
    PartyIdentity made = create();
    PartyIdentity loaded = load();
    assertThat(loaded.name()).isEqualTo("hospital");
    assertThat(loaded.party()).isEqualTo(made.party());
    assertThat(loaded.member("127.0.0.1:1")).isEqualTo(made.member("127.0.0.1:1"));
    assertThat(loaded.node().tls().leaf()).isEqualTo(made.node().tls().leaf());
    ByteString message = ByteString.copyFromUtf8("m");
    assertThat(
            made.party().signingKey().verifyExact(message, loaded.signingKey().signExact(message)))
        .isTrue();
    assertThat(made.party().resultKey().suite()).isEqualTo(HpkeSuite.XWING);
  }

  @Test
  void aNodeLoadsItsPartOnly() throws IOException {
    PartyIdentity made = create();
    for (String secret : List.of("ca.key", "signing.key", "result.key", "ca.crt")) {
      Files.delete(folder().resolve(secret));
    }
    NodeIdentity node = NodeIdentity.load(folder());
    assertThat(node.party()).isEqualTo("hospital");
    assertThat(node.platformKey().verifyingKey()).isEqualTo(made.party().simulatedPlatformKey());
  }

  @Test
  void signingAndResultKeysLoadAlone() {
    PartyIdentity made = create();
    assertThat(PartyIdentity.loadSigningKey(folder()).verifyingKey())
        .isEqualTo(made.party().signingKey());
    assertThat(PartyIdentity.loadResultKey(folder()).publicKey())
        .isEqualTo(made.party().resultKey());
  }

  @Test
  void everyPrivateKeyIsItsOwnersOnly() throws IOException {
    create();
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(folder())))
        .isEqualTo("rwx------");
    for (String secret : SECRETS) {
      assertThat(
              PosixFilePermissions.toString(
                  Files.getPosixFilePermissions(folder().resolve(secret))))
          .isEqualTo("rw-------");
      assertThat(Files.readString(folder().resolve(secret)))
          .startsWith("-----BEGIN PRIVATE KEY-----\n")
          .endsWith("-----END PRIVATE KEY-----\n");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"rw-r-----", "rw----r--", "rw--w----", "rw-rw-rw-"})
  void refusesAPrivateKeyThatOthersCanRead(String mode) throws IOException {
    create();
    for (String secret : SECRETS) {
      Path file = folder().resolve(secret);
      Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(mode));
      assertThatThrownBy(this::load)
          .isInstanceOfSatisfying(
              RefusedException.class, e -> assertThat(e.reason()).isEqualTo(Reason.INVALID_CONFIG))
          .hasMessageContaining("is " + mode)
          .hasMessageContaining("chmod 600 " + file);
      Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
    }
    load().close();
  }

  @Test
  void refusesAPrivateKeyBehindALink() throws IOException {
    create();
    Path moved = temp.resolve("elsewhere");
    Files.move(folder().resolve("signing.key"), moved);
    Files.createSymbolicLink(folder().resolve("signing.key"), moved);
    assertThatThrownBy(this::load).hasMessageContaining("is no plain file");
  }

  @Test
  void neverOverwrites() throws IOException {
    PartyIdentity made = create();
    assertThatThrownBy(this::create)
        .isInstanceOfSatisfying(
            RefusedException.class, e -> assertThat(e.reason()).isEqualTo(Reason.ALREADY_EXISTS))
        .hasMessageContaining("is not overwritten");
    assertThat(load().party()).isEqualTo(made.party());
    try (Stream<Path> beside = Files.list(folder().getParent())) {
      assertThat(beside).containsExactly(folder());
    }
    TlsIdentity client = ClientCertificates.issue(made, Role.ANALYST, "ana", Duration.ofDays(1));
    client.write(temp.resolve("ana.crt"), temp.resolve("ana.key"));
    assertThatThrownBy(() -> client.write(temp.resolve("ana.crt"), temp.resolve("ana.key")))
        .hasMessageContaining("is not overwritten");
  }

  @Test
  void fillsAnEmptyFolderButNoOther() throws IOException {
    Files.createDirectories(folder());
    create().close();
    Path other = temp.resolve("other");
    Files.createDirectories(other);
    Files.writeString(other.resolve("notes.txt"), "x");
    assertThatThrownBy(() -> PartyIdentity.create(other, "hospital", clock, random))
        .hasMessageContaining("is not overwritten");
    assertThat(other.resolve("notes.txt")).hasContent("x");
  }

  @Test
  void refusesFilesThatDoNotBelongTogether() throws IOException {
    create();
    Path strange = temp.resolve("strange");
    PartyIdentity.create(strange, "hospital", clock, random);
    for (String file : List.of("ca.crt", "ca.key", "node.crt", "node.key")) {
      Path mine = folder().resolve(file);
      Path kept = temp.resolve("kept");
      Files.copy(mine, kept, StandardCopyOption.COPY_ATTRIBUTES);
      Files.copy(
          strange.resolve(file),
          mine,
          StandardCopyOption.REPLACE_EXISTING,
          StandardCopyOption.COPY_ATTRIBUTES);
      assertThatThrownBy(this::load).as(file).isInstanceOf(RefusedException.class);
      Files.move(kept, mine, StandardCopyOption.REPLACE_EXISTING);
    }
    load().close();
  }

  @Test
  void refusesKeysOfAnotherKind() throws IOException {
    create();
    swap("signing.key", "result.key");
    assertThatThrownBy(() -> PartyIdentity.loadSigningKey(folder()))
        .hasMessageContaining("expected an Ed25519 key");
    assertThatThrownBy(() -> PartyIdentity.loadResultKey(folder()))
        .hasMessageContaining("expected an X-Wing or X25519 key");
    swap("node.key", "platform.key");
    assertThatThrownBy(() -> NodeIdentity.load(folder())).hasMessageContaining("a P-256 key");
  }

  private void swap(String a, String b) throws IOException {
    Path kept = temp.resolve("swap");
    Files.move(folder().resolve(a), kept);
    Files.move(folder().resolve(b), folder().resolve(a));
    Files.move(kept, folder().resolve(b));
  }

  @Test
  void everyCutOfAKeyFileIsRefusedWithoutItsContent() throws IOException {
    create();
    Path file = folder().resolve("signing.key");
    String whole = Files.readString(file);
    String secret = whole.lines().skip(1).findFirst().orElseThrow();
    for (int length = 0; length < whole.length() - 1; length++) {
      Files.writeString(file, whole.substring(0, length));
      assertThatThrownBy(() -> PartyIdentity.loadSigningKey(folder()))
          .isInstanceOf(RefusedException.class)
          .hasMessageNotContaining(secret)
          .hasNoCause();
    }
    Files.writeString(file, whole + whole);
    assertThatThrownBy(() -> PartyIdentity.loadSigningKey(folder()))
        .hasMessageContaining("came 2 of them");
    Files.writeString(file, "x".repeat(70_000));
    assertThatThrownBy(() -> PartyIdentity.loadSigningKey(folder()))
        .hasMessageContaining("at most 65536");
  }

  @Test
  void saysWhichFileIsMissing() throws IOException {
    create();
    Files.delete(folder().resolve("platform.key"));
    assertThatThrownBy(this::load)
        .isInstanceOf(EnvironmentException.class)
        .hasMessageContaining("there is no file " + folder().resolve("platform.key"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "broker", "Hospital", "a/b", "..", "a\u0000"})
  void refusesBadNames(String name) {
    assertThatThrownBy(() -> PartyIdentity.create(folder(), name, clock, random))
        .isInstanceOf(RefusedException.class);
    assertThat(folder()).doesNotExist();
  }

  @ParameterizedTest
  @EnumSource(HpkeSuite.class)
  void keepsHpkeKeysOfBothSuites(HpkeSuite suite) {
    HpkeKeyPair pair = HpkeKeyPair.generate(suite, random);
    Path file = temp.resolve("hpke.key");
    KeyFiles.create(file, pair);
    assertThat(KeyFiles.loadHpke(file).publicKey()).isEqualTo(pair.publicKey());
  }

  @Test
  void clientCertificatesSurviveFiles() {
    PartyIdentity made = create();
    TlsIdentity client = ClientCertificates.issue(made, Role.OPERATOR, "olga", Duration.ofDays(30));
    client.write(temp.resolve("olga.crt"), temp.resolve("olga.key"));
    TlsIdentity loaded = TlsIdentity.load(temp.resolve("olga.crt"), temp.resolve("olga.key"));
    assertThat(loaded.caller()).isEqualTo(new Caller("hospital", Role.OPERATOR, "olga"));
    assertThat(loaded.chain()).isEqualTo(client.chain());
  }

  @Test
  void aCertificateFileHoldsTheHolderThenItsCa() throws IOException {
    create();
    assertThatThrownBy(
            () -> TlsIdentity.load(folder().resolve("ca.crt"), folder().resolve("ca.key")))
        .hasMessageContaining("holds 1 certificates; expected the holder's, then its CA's");
    Files.writeString(
        folder().resolve("node.crt"),
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    assertThatThrownBy(this::load).hasMessageContaining("expected X.509 certificates");
  }

  @Test
  void nothingPrintsAPrivateKey() {
    PartyIdentity made = create();
    assertThat(made.toString()).isEqualTo("PartyIdentity[hospital]");
    assertThat(made.node().tls().toString()).isEqualTo("TlsIdentity[hospital/node/node]");
    assertThat(made.ca().toString()).startsWith("CertificateAuthority[");
    assertThat(made.node().toString()).doesNotContain("PrivateKey");
  }

  @Test
  void certificatesAreAsTheDesignSays() throws Exception {
    PartyIdentity made = create();
    var leaf = made.node().tls().leaf();
    assertThat(leaf.getCriticalExtensionOIDs())
        .containsExactlyInAnyOrder("2.5.29.15", "2.5.29.17", "2.5.29.19", "2.5.29.37");
    assertThat(leaf.getExtendedKeyUsage()).hasSize(2);
    assertThat(leaf.getSerialNumber().bitLength()).isBetween(64, 128);
    assertThat(leaf.getSigAlgName()).isEqualTo("SHA256withECDSA");
    var ca = made.ca().certificate().x509();
    assertThat(Duration.between(clock.instant(), ca.getNotAfter().toInstant()))
        .isEqualTo(CertificateAuthority.CA_VALIDITY);
    assertThat(Duration.between(clock.instant(), leaf.getNotAfter().toInstant()))
        .isEqualTo(CertificateAuthority.LEAF_VALIDITY);
  }

  @Test
  void aBrokerHasItsOwnFolder() {
    Path home = temp.resolve("broker");
    BrokerIdentity made = BrokerIdentity.create(home, "keys", clock, random);
    BrokerIdentity loaded = BrokerIdentity.load(home);
    assertThat(loaded.broker("127.0.0.1:1")).isEqualTo(made.broker("127.0.0.1:1"));
    assertThat(loaded.name()).isEqualTo("keys");
    assertThat(loaded.broker("127.0.0.1:1").digest())
        .isEqualTo(made.signingKey().verifyingKey().digest());
    assertThatThrownBy(() -> BrokerIdentity.create(home, "keys", clock, random))
        .hasMessageContaining("is not overwritten");
  }

  @Test
  void aPartysCertificateIsNoBrokers() {
    PartyIdentity party = create();
    assertThatThrownBy(() -> new BrokerIdentity(party.node().tls(), party.signingKey()))
        .hasMessageContaining("is not a broker's");
    BrokerIdentity broker = BrokerIdentity.generate("keys", clock, random);
    assertThatThrownBy(() -> new NodeIdentity(broker.tls(), party.signingKey(), party.signingKey()))
        .hasMessageContaining("is not a node's");
  }
}
