package io.parley.peer.enclaves.remote;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import io.parley.identity.Caller;
import io.parley.identity.ClientCertificates;
import io.parley.identity.EnclaveIdentity;
import io.parley.identity.NodeIdentity;
import io.parley.identity.PartyIdentity;
import io.parley.identity.Role;
import io.parley.identity.TlsIdentity;
import io.parley.peer.config.HostPort;
import io.parley.peer.config.NodeConfig.RemoteEnclave;
import io.parley.peer.testing.FakeEnclaves;
import io.parley.peer.testing.FakeShim;
import io.parley.peer.testing.TestEnclaveServer;
import io.parley.proto.enclave.v1.EnclaveServiceGrpc;
import io.parley.proto.enclave.v1.GetInfoRequest;
import io.parley.transport.Channels;
import io.parley.transport.ExpectedServer;
import io.parley.wire.ParleyException;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Node and enclave server talk to each other, and to nobody else. */
@Timeout(value = 120, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class StrangersTest {
  private static final InstantSource CLOCK = InstantSource.system();
  private static final SecureRandom RANDOM = new SecureRandom();
  private static final Duration DAY = Duration.ofDays(1);
  private static final PartyIdentity PARTY = PartyIdentity.generate("a", CLOCK, RANDOM);
  private static final PartyIdentity OTHER = PartyIdentity.generate("b", CLOCK, RANDOM);
  private static final PartyIdentity POSING = PartyIdentity.generate("a", CLOCK, RANDOM);

  @TempDir Path folder;
  private final FakeEnclaves inside = new FakeEnclaves(FakeShim::hang);
  private TestEnclaveServer server;

  @BeforeEach
  void start() {
    server = new TestEnclaveServer(folder, PARTY, inside, TestEnclaveServer.config(1L << 30, 2));
  }

  @AfterEach
  void stop() {
    server.close();
  }

  static Stream<TlsIdentity> strangers() {
    return Stream.of(
        // Another party's node, of the same consortium for all the server knows.
        OTHER.node().tls(),
        // Somebody who made a CA of the same name.
        POSING.node().tls(),
        // The party's own people.
        ClientCertificates.issue(PARTY, Role.OPERATOR, "ops", DAY),
        ClientCertificates.issue(PARTY, Role.ANALYST, "ann", DAY),
        // The party's CA speaks for no other party.
        PARTY.ca().issue(new Caller("b", Role.NODE, "node"), DAY));
  }

  @ParameterizedTest
  @MethodSource("strangers")
  void theServerAnswersNobodyElse(TlsIdentity stranger) {
    ManagedChannel channel =
        Channels.open(
            "127.0.0.1:" + server.port(),
            server.tls,
            stranger,
            new ExpectedServer.EnclaveOf("a", TestEnclaveServer.NAME, PARTY.ca().certificate()));
    try {
      assertThatThrownBy(() ->
              EnclaveServiceGrpc.newBlockingStub(channel)
                  .withDeadlineAfter(Duration.ofSeconds(20))
                  .getInfo(GetInfoRequest.getDefaultInstance()))
          .isInstanceOfSatisfying(
              StatusRuntimeException.class,
              e ->
                  assertThat(Channels.failure(e, Reason.IO_FAILED))
                      .hasMessageContaining("refused the TLS handshake")
                      .extracting(ParleyException::reason)
                      .isEqualTo(Reason.UNAUTHENTICATED));
    } finally {
      channel.shutdownNow();
    }
  }

  @Test
  void theServerAnswersItsOwnNode() {
    assertThat(server.client(PARTY.node()).info().version()).isEqualTo("test");
  }

  private static EnclaveClient client(NodeIdentity node, int port, String name) {
    return new EnclaveClient(
        new RemoteEnclave(new HostPort("127.0.0.1", port), name),
        node,
        new io.parley.transport.MutualTls(CLOCK));
  }

  @Test
  void theNodeTalksToNoServerOfAnotherName() {
    assertThatThrownBy(() -> client(PARTY.node(), server.port(), "vm2").info())
        .isInstanceOfSatisfying(
            ParleyException.class, e -> assertThat(e.reason()).isEqualTo(Reason.UNAUTHENTICATED))
        .hasMessageContaining("server is a/enclave/vm1; expected enclave server 'vm2' of 'a'");
  }

  @Test
  void theNodeTalksToNoServerOfAnotherParty() {
    try (TestEnclaveServer others =
        new TestEnclaveServer(
            folder.resolve("others"), OTHER, inside, TestEnclaveServer.config(1L << 30, 2))) {
      assertThatThrownBy(() -> client(PARTY.node(), others.port(), "vm1").info())
          .isInstanceOfSatisfying(
              ParleyException.class, e -> assertThat(e.reason()).isEqualTo(Reason.UNAUTHENTICATED));
    }
  }

  @Test
  void theNodeTalksToNobodyWhoPosesAsItsServer() {
    try (TestEnclaveServer posing =
        new TestEnclaveServer(
            folder.resolve("posing"), POSING, inside, TestEnclaveServer.config(1L << 30, 2))) {
      assertThatThrownBy(() -> client(PARTY.node(), posing.port(), "vm1").info())
          .isInstanceOfSatisfying(
              ParleyException.class, e -> assertThat(e.reason()).isEqualTo(Reason.UNAUTHENTICATED));
    }
  }

  @Test
  void anEnclaveServersCertificateMakesNoCalls() {
    EnclaveIdentity enclave =
        TestEnclaveServer.identity(folder.resolve("second").resolve("identity"), PARTY, "vm2");
    assertThatThrownBy(() ->
            server.tls.client(
                enclave.tls(), new ExpectedServer.EnclaveOf("a", "vm1", PARTY.ca().certificate())))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("is for its server, not for calls");
  }
}
