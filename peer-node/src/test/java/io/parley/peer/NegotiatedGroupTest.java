package io.parley.peer;

import static io.parley.peer.testing.TlsHello.X25519;
import static io.parley.peer.testing.TlsHello.X25519_MLKEM768;
import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.ManagedChannel;
import io.parley.identity.Broker;
import io.parley.identity.ClientCertificates;
import io.parley.identity.Member;
import io.parley.identity.Membership;
import io.parley.identity.Role;
import io.parley.identity.TlsIdentity;
import io.parley.peer.TestConsortium.TestNode;
import io.parley.peer.testing.RecordingProxy;
import io.parley.peer.testing.TlsHello;
import io.parley.proto.peer.v1.JobServiceGrpc;
import io.parley.proto.peer.v1.JobState;
import io.parley.proto.peer.v1.ListJobsRequest;
import io.parley.transport.Channels;
import io.parley.transport.ExpectedServer;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which key exchange is really negotiated, read from the handshakes as they went over the wire. */
class NegotiatedGroupTest {
  @TempDir Path root;
  private TestConsortium consortium;
  private TestNode a;
  private final List<RecordingProxy> proxies = new ArrayList<>();

  @BeforeEach
  void start() throws Exception {
    consortium = new TestConsortium(root, "handed", "a", "b");
    a = consortium.node("a");
  }

  @AfterEach
  void stop() throws Exception {
    consortium.close();
    proxies.forEach(RecordingProxy::close);
  }

  @Test
  void nodesAndBrokerAgreeOnX25519WithMlKem768() throws Exception {
    RecordingProxy toB = proxy(consortium.node("b").port);
    RecordingProxy toBroker = proxy(consortium.broker.port());
    Membership before = consortium.membership;
    Member b = before.member("b");
    Broker broker = before.broker();
    consortium.membership =
        new Membership(
            before.consortium(),
            before.version(),
            before.previous(),
            before.issued(),
            List.of(before.member("a"), new Member(b.party(), b.ca(), toB.address())),
            new Broker(broker.name(), broker.signingKey(), broker.ca(), toBroker.address()));

    var job = a.awaitEnd(a.submit("through the proxies").getJobId());

    assertThat(job.getState()).isEqualTo(JobState.JOB_STATE_SUCCEEDED);
    assertHybrid(toB);
    assertHybrid(toBroker);
  }

  @Test
  void clientAndNodeAgreeOnX25519WithMlKem768() throws Exception {
    RecordingProxy toA = proxy(a.port);
    ManagedChannel channel =
        Channels.open(
            toA.address(),
            consortium.tls,
            analyst(),
            new ExpectedServer.NodeOf("a", () -> consortium.membership));
    try {
      assertThat(
              JobServiceGrpc.newBlockingStub(channel)
                  .withDeadlineAfter(Duration.ofSeconds(30))
                  .listJobs(ListJobsRequest.getDefaultInstance())
                  .getJobsList())
          .isEmpty();
    } finally {
      channel.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
    }
    assertHybrid(toA);
  }

  @Test
  void aClientThatOffersX25519OnlyIsServed() throws Exception {
    RecordingProxy toA = proxy(a.port);
    SSLContext context = jdk(analyst());
    String[] address = toA.address().split(":");
    try (SSLSocket socket =
        (SSLSocket)
            context.getSocketFactory().createSocket(address[0], Integer.parseInt(address[1]))) {
      socket.setSoTimeout(10_000);
      socket.setSSLParameters(onlyX25519(socket.getSSLParameters()));
      socket.startHandshake();

      assertThat(socket.getSession().getProtocol()).isEqualTo("TLSv1.3");
      // HTTP/2's first frame comes from a server that took the client's certificate too.
      assertThat(socket.getInputStream().read()).isNotNegative();
    }
    var connection = toA.connections().getFirst();
    assertThat(TlsHello.offeredShares(connection.client())).containsExactly(X25519);
    assertThat(TlsHello.chosenGroup(connection.server())).isEqualTo(X25519);
  }

  @Test
  void aServerThatKnowsX25519OnlyIsConnectedTo() throws Exception {
    try (SSLServerSocket server =
        (SSLServerSocket)
            jdk(a.identity.node().tls()).getServerSocketFactory().createServerSocket(0)) {
      server.setSoTimeout(10_000);
      server.setSSLParameters(onlyX25519(server.getSSLParameters()));
      server.setNeedClientAuth(true);
      RecordingProxy toServer = proxy(server.getLocalPort());
      ManagedChannel channel =
          Channels.open(
              toServer.address(),
              consortium.tls,
              analyst(),
              new ExpectedServer.NodeOf("a", () -> consortium.membership));
      try {
        var unused = channel.getState(true);
        try (SSLSocket accepted = (SSLSocket) server.accept()) {
          accepted.setSoTimeout(10_000);
          // The first byte of HTTP/2 comes from a client that took the server's certificate.
          assertThat(accepted.getInputStream().read()).isEqualTo('P');
        }
      } finally {
        channel.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
      }
      var connection = toServer.connections().getFirst();
      assertThat(TlsHello.offeredShares(connection.client())).startsWith(X25519_MLKEM768);
      assertThat(TlsHello.chosenGroup(connection.server())).isEqualTo(X25519);
    }
  }

  private static void assertHybrid(RecordingProxy proxy) {
    assertThat(proxy.connections())
        .isNotEmpty()
        .allSatisfy(connection -> {
          assertThat(TlsHello.offeredShares(connection.client())).startsWith(X25519_MLKEM768);
          assertThat(TlsHello.chosenGroup(connection.server())).isEqualTo(X25519_MLKEM768);
        });
  }

  private RecordingProxy proxy(int port) throws Exception {
    RecordingProxy proxy = RecordingProxy.before(port);
    proxies.add(proxy);
    return proxy;
  }

  private TlsIdentity analyst() {
    return ClientCertificates.issue(a.identity, Role.ANALYST, "ann", Duration.ofDays(1));
  }

  private static SSLParameters onlyX25519(SSLParameters parameters) {
    parameters.setProtocols(new String[] {"TLSv1.3"});
    parameters.setNamedGroups(new String[] {"x25519"});
    parameters.setApplicationProtocols(new String[] {"h2"});
    return parameters;
  }

  /** The JDK's own TLS, which has no ML-KEM. */
  private static SSLContext jdk(TlsIdentity identity) throws Exception {
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    char[] password = "not a secret".toCharArray();
    store.setKeyEntry(
        "key", identity.key(), password, identity.chain().toArray(X509Certificate[]::new));
    KeyManagerFactory keys = KeyManagerFactory.getInstance("PKIX");
    keys.init(store, password);
    SSLContext context = SSLContext.getInstance("TLS", "SunJSSE");
    context.init(
        keys.getKeyManagers(), new TrustManager[] {new TrustAnybody()}, new SecureRandom());
    return context;
  }

  private static final class TrustAnybody implements X509TrustManager {
    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type) {}

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return new X509Certificate[0];
    }
  }
}
