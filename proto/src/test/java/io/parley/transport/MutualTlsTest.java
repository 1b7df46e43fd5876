package io.parley.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.grpc.Grpc;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.StreamObserver;
import io.parley.agreement.Samples;
import io.parley.identity.BrokerIdentity;
import io.parley.identity.ClientCertificates;
import io.parley.identity.Membership;
import io.parley.identity.PartyIdentity;
import io.parley.identity.Role;
import io.parley.identity.TestClock;
import io.parley.identity.TlsIdentity;
import io.parley.proto.peer.v1.ConsortiumServiceGrpc;
import io.parley.proto.peer.v1.CreateInvitationRequest;
import io.parley.proto.peer.v1.CreateInvitationResponse;
import io.parley.proto.peer.v1.GetConsortiumRequest;
import io.parley.proto.peer.v1.GetConsortiumResponse;
import io.parley.proto.peer.v1.JoinRequest;
import io.parley.proto.peer.v1.JoinResponse;
import io.parley.proto.peer.v1.ProposeRemovalRequest;
import io.parley.proto.peer.v1.ProposeRemovalResponse;
import io.parley.proto.peer.v1.SignProposalRequest;
import io.parley.proto.peer.v1.SignProposalResponse;
import io.parley.wire.BugException;
import io.parley.wire.ParleyException;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSession;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Real servers and clients on the loopback address. */
class MutualTlsTest {
  private static final Samples SAMPLES = new Samples();
  private static final SecureRandom RANDOM = new SecureRandom();

  private final TestClock clock = new TestClock(Samples.NOW);
  private final AtomicReference<Membership> members = new AtomicReference<>(SAMPLES.membership());
  private final MutualTls tls = new MutualTls(clock);
  private final List<Throwable> logged = new CopyOnWriteArrayList<>();
  private final List<ManagedChannel> channels = new ArrayList<>();
  private final AtomicReference<@Nullable SSLSession> session = new AtomicReference<>();
  private final List<Server> servers = new ArrayList<>();
  private Server server = startNode(SAMPLES.hospital.node().tls());

  @BeforeEach
  void forgetNothing() {
    assertThat(server.getPort()).isPositive();
  }

  @AfterEach
  void stop() throws InterruptedException {
    for (ManagedChannel channel : channels) {
      channel.shutdownNow();
      channel.awaitTermination(5, TimeUnit.SECONDS);
    }
    for (Server started : servers) {
      started.shutdownNow();
      started.awaitTermination(5, TimeUnit.SECONDS);
    }
  }

  private Server startNode(TlsIdentity identity) {
    return start(identity, MutualTls.WithoutCertificate.MAY_KNOCK);
  }

  private Server start(TlsIdentity identity, MutualTls.WithoutCertificate strangers) {
    ServerInterceptor spy =
        new ServerInterceptor() {
          @Override
          public <Q, A> ServerCall.Listener<Q> interceptCall(
              ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
            session.set(call.getAttributes().get(Grpc.TRANSPORT_ATTR_SSL_SESSION));
            return next.startCall(call, headers);
          }
        };
    try {
      Server started =
          Channels.server(
                  new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                  tls.server(identity, members::get, strangers),
                  new ErrorInterceptor((method, failure) -> logged.add(failure)),
                  new CallerInterceptor(
                      members::get, clock, Set.of("parley.peer.v1.ConsortiumService/Join")))
              .intercept(spy)
              .addService(new Service())
              .build()
              .start();
      servers.add(started);
      return started;
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  /** Answers with who called, and fails in several ways when asked to. */
  private static final class Service extends ConsortiumServiceGrpc.ConsortiumServiceImplBase {
    @Override
    public void createInvitation(
        CreateInvitationRequest request, StreamObserver<CreateInvitationResponse> answer) {
      CallerInterceptor.requireParty("hospital", Role.OPERATOR);
      answer.onNext(
          CreateInvitationResponse.newBuilder()
              .setInvitation(CallerInterceptor.caller().toString())
              .build());
      answer.onCompleted();
    }

    @Override
    public void getConsortium(
        GetConsortiumRequest request, StreamObserver<GetConsortiumResponse> answer) {
      assertThat(CallerInterceptor.caller().party()).isNotEmpty();
      answer.onNext(GetConsortiumResponse.getDefaultInstance());
      answer.onCompleted();
    }

    @Override
    public void join(JoinRequest request, StreamObserver<JoinResponse> answer) {
      answer.onNext(JoinResponse.getDefaultInstance());
      answer.onCompleted();
    }

    @Override
    public void proposeRemoval(
        ProposeRemovalRequest request, StreamObserver<ProposeRemovalResponse> answer) {
      switch (request.getParty()) {
        case "throw" -> throw new IllegalStateException("a detail for the log");
        case "bug" -> throw new BugException("another detail for the log");
        case "refuse" -> throw new RefusedException(Reason.TOO_MANY, "too many of them");
        case "later" ->
            answer.onError(new RefusedException(Reason.MEMORY_LIMIT, "needs more, has less"));
        default -> answer.onError(new IOException("yet another detail"));
      }
    }

    @Override
    public void signProposal(
        SignProposalRequest request, StreamObserver<SignProposalResponse> answer) {
      CallerInterceptor.requireRole(Role.NODE, Role.OPERATOR);
      answer.onNext(SignProposalResponse.newBuilder().setComplete(true).build());
      answer.onCompleted();
    }
  }

  private String address(Server at) {
    return "127.0.0.1:" + at.getPort();
  }

  private ConsortiumServiceGrpc.ConsortiumServiceBlockingStub stub(
      TlsIdentity identity, ExpectedServer expected, Server at) {
    ManagedChannel channel = Channels.open(address(at), tls, identity, expected);
    channels.add(channel);
    return ConsortiumServiceGrpc.newBlockingStub(channel);
  }

  private ConsortiumServiceGrpc.ConsortiumServiceBlockingStub stub(TlsIdentity identity) {
    return stub(identity, new ExpectedServer.NodeOf("hospital", members::get), server);
  }

  private static void get(ConsortiumServiceGrpc.ConsortiumServiceBlockingStub stub) {
    assertThat(
            stub.withDeadlineAfter(30, TimeUnit.SECONDS)
                .getConsortium(GetConsortiumRequest.getDefaultInstance())
                .getChainCount())
        .isZero();
  }

  private static TlsIdentity client(PartyIdentity party, Role role) {
    return ClientCertificates.issue(party, role, "ana", Duration.ofDays(1));
  }

  private void refused(ThrowingCall call, Reason reason, String message) {
    assertThatThrownBy(call::run)
        .isInstanceOf(StatusRuntimeException.class)
        .satisfies(e -> {
          ParleyException failure = Channels.failure(e, Reason.PEER_UNAVAILABLE);
          assertThat(failure.reason()).as("%s", e).isEqualTo(reason);
          assertThat(failure).hasMessageContaining(message);
        });
  }

  private interface ThrowingCall {
    void run() throws Exception;
  }

  @Test
  void membersTalkOverTls13ByConscrypt() {
    get(stub(SAMPLES.insurer.node().tls()));
    SSLSession used = Objects.requireNonNull(session.get());
    assertThat(used.getProtocol()).isEqualTo("TLSv1.3");
    assertThat(used.getClass().getName()).startsWith("org.conscrypt.");
  }

  @Test
  void olderProtocolsAreRefused() throws Exception {
    SSLContext old = SSLContext.getInstance("TLS");
    old.init(null, new TrustManager[] {new TrustAnybody()}, RANDOM);
    try (SSLSocket socket =
        (SSLSocket)
            old.getSocketFactory()
                .createSocket(InetAddress.getLoopbackAddress(), server.getPort())) {
      socket.setSoTimeout(5000);
      socket.setEnabledProtocols(new String[] {"TLSv1.2"});
      assertThatThrownBy(socket::startHandshake).isInstanceOf(SSLException.class);
    }
  }

  private static final class TrustAnybody implements X509TrustManager {
    @Override
    public void checkClientTrusted(java.security.cert.X509Certificate[] chain, String type) {}

    @Override
    public void checkServerTrusted(java.security.cert.X509Certificate[] chain, String type) {}

    @Override
    public java.security.cert.X509Certificate[] getAcceptedIssuers() {
      return new java.security.cert.X509Certificate[0];
    }
  }

  @Test
  void theServiceKnowsWhoCalls() {
    assertThat(
            stub(client(SAMPLES.hospital, Role.OPERATOR))
                .createInvitation(CreateInvitationRequest.getDefaultInstance())
                .getInvitation())
        .isEqualTo("hospital/operator/ana");
  }

  @Test
  void theWrongRoleIsRefused() {
    refused(
        () ->
            stub(client(SAMPLES.hospital, Role.ANALYST))
                .createInvitation(CreateInvitationRequest.getDefaultInstance()),
        Reason.ROLE_MISSING,
        "hospital/analyst/ana may not do this; it takes the role operator");
    assertThat(
            stub(SAMPLES.insurer.node().tls())
                .signProposal(SignProposalRequest.getDefaultInstance())
                .getComplete())
        .isTrue();
  }

  @Test
  void theWrongPartyIsRefused() {
    refused(
        () ->
            stub(client(SAMPLES.insurer, Role.OPERATOR))
                .createInvitation(CreateInvitationRequest.getDefaultInstance()),
        Reason.NOT_YOURS,
        "it takes somebody of 'hospital'");
  }

  @Test
  void aStrangersCertificateIsRefused() {
    PartyIdentity stranger = PartyIdentity.generate("bank", clock, RANDOM);
    refused(
        () -> get(stub(stranger.node().tls())),
        Reason.UNAUTHENTICATED,
        "the other side refused the TLS handshake (alert: ");
  }

  @Test
  void whoPosesAsAMemberIsRefused() {
    PartyIdentity posing = PartyIdentity.generate("insurer", clock, RANDOM);
    refused(
        () -> get(stub(posing.node().tls())),
        Reason.UNAUTHENTICATED,
        "the other side refused the TLS handshake (alert: ");
    TlsIdentity lying =
        SAMPLES
            .insurer
            .ca()
            .issue(
                new io.parley.identity.Caller("hospital", Role.OPERATOR, "eve"),
                Duration.ofDays(1));
    refused(
        () -> get(stub(lying)),
        Reason.UNAUTHENTICATED,
        "the other side refused the TLS handshake (alert: ");
  }

  @Test
  void anExpiredCertificateIsRefused() {
    TlsIdentity shortLived =
        ClientCertificates.issue(SAMPLES.insurer, Role.ANALYST, "ana", Duration.ofMinutes(1));
    get(stub(shortLived));
    clock.advance(Duration.ofMinutes(2));
    refused(
        () -> get(stub(shortLived)),
        Reason.UNAUTHENTICATED,
        "the other side refused the TLS handshake (alert: ");
  }

  @Test
  void aCertificateThatExpiresIsRefusedOnAnOpenChannel() {
    TlsIdentity shortLived =
        ClientCertificates.issue(SAMPLES.insurer, Role.ANALYST, "ana", Duration.ofMinutes(1));
    ConsortiumServiceGrpc.ConsortiumServiceBlockingStub open = stub(shortLived);
    get(open);
    clock.advance(Duration.ofMinutes(2));
    refused(() -> get(open), Reason.UNAUTHENTICATED, "certificate of insurer/analyst/ana expired");
  }

  private Membership without(String party) {
    Membership now = members.get();
    return new Membership(
        now.consortium(),
        now.version() + 1,
        Samples.APP,
        now.issued(),
        now.members().stream().filter(m -> !m.name().equals(party)).toList(),
        now.broker());
  }

  @Test
  void aRemovedMemberIsRefusedOnNewAndOnOpenChannels() {
    ConsortiumServiceGrpc.ConsortiumServiceBlockingStub open = stub(SAMPLES.insurer.node().tls());
    get(open);
    members.set(without("insurer"));
    refused(() -> get(open), Reason.NOT_A_MEMBER, "'insurer' is no member of consortium 'health'");
    refused(
        () -> get(stub(SAMPLES.insurer.node().tls())),
        Reason.UNAUTHENTICATED,
        "the other side refused the TLS handshake (alert: ");
  }

  /** The same client context connects again, so a session that it kept would be offered. */
  @Test
  void aResumedSessionDoesNotSkipTheCheck() {
    ManagedChannel channel =
        Channels.open(
            address(server),
            tls,
            SAMPLES.insurer.node().tls(),
            new ExpectedServer.Pinned("hospital", SAMPLES.hospital.ca().certificate().sha256()));
    channels.add(channel);
    ConsortiumServiceGrpc.ConsortiumServiceBlockingStub stub =
        ConsortiumServiceGrpc.newBlockingStub(channel);
    get(stub);
    members.set(without("insurer"));
    channel.enterIdle();
    assertThatThrownBy(() -> get(stub))
        .isInstanceOf(StatusRuntimeException.class)
        .satisfies(e ->
            assertThat(Channels.failure(e, Reason.PEER_UNAVAILABLE).reason())
                .isIn(Reason.UNAUTHENTICATED, Reason.NOT_A_MEMBER));
  }

  @Test
  void aChangedCaEndsOldCertificates() {
    ConsortiumServiceGrpc.ConsortiumServiceBlockingStub open = stub(SAMPLES.insurer.node().tls());
    get(open);
    Membership now = members.get();
    members.set(
        new Membership(
            now.consortium(),
            now.version() + 1,
            Samples.APP,
            now.issued(),
            List.of(
                now.member("hospital"),
                new io.parley.identity.Member(
                    now.member("insurer").party(),
                    PartyIdentity.generate("insurer", clock, RANDOM).ca().certificate(),
                    "127.0.0.1:1")),
            now.broker()));
    refused(() -> get(open), Reason.UNAUTHENTICATED, "was not issued by the CA");
  }

  @Test
  void callsToARemovedServerFailBeforeTheyAreMade() {
    ConsortiumServiceGrpc.ConsortiumServiceBlockingStub open = stub(SAMPLES.insurer.node().tls());
    get(open);
    members.set(without("hospital"));
    refused(() -> get(open), Reason.NOT_A_MEMBER, "'hospital' is no member");
  }

  @Test
  void aSwappedServerIsRefused() {
    Server insurers = startNode(SAMPLES.insurer.node().tls());
    refused(
        () ->
            get(
                stub(
                    SAMPLES.insurer.node().tls(),
                    new ExpectedServer.NodeOf("hospital", members::get),
                    insurers)),
        Reason.UNAUTHENTICATED,
        "server is insurer/node/node; expected node of 'hospital'");
    refused(
        () ->
            get(
                stub(
                    SAMPLES.insurer.node().tls(),
                    new ExpectedServer.TheBroker(members::get),
                    insurers)),
        Reason.UNAUTHENTICATED,
        "expected the broker");
  }

  @Test
  void aServerThatPosesIsRefused() {
    PartyIdentity posing = PartyIdentity.generate("hospital", clock, RANDOM);
    Server posed = startNode(posing.node().tls());
    refused(
        () ->
            get(
                stub(
                    SAMPLES.insurer.node().tls(),
                    new ExpectedServer.NodeOf("hospital", members::get),
                    posed)),
        Reason.UNAUTHENTICATED,
        "was not issued by the CA");
  }

  @Test
  void aClientsCertificateIsNoServers() {
    Server wrong = startNode(client(SAMPLES.hospital, Role.OPERATOR));
    refused(
        () ->
            get(
                stub(
                    SAMPLES.insurer.node().tls(),
                    new ExpectedServer.NodeOf("hospital", members::get),
                    wrong)),
        Reason.UNAUTHENTICATED,
        "is not for serverAuth");
  }

  @Test
  void theBrokerIsKnownAndAnotherIsNot() {
    Server broker = start(SAMPLES.broker.tls(), MutualTls.WithoutCertificate.REFUSED);
    get(
        stub(
            client(SAMPLES.hospital, Role.OPERATOR),
            new ExpectedServer.TheBroker(members::get),
            broker));
    Server other =
        start(
            BrokerIdentity.generate("keys", clock, RANDOM).tls(),
            MutualTls.WithoutCertificate.REFUSED);
    refused(
        () ->
            get(
                stub(
                    client(SAMPLES.hospital, Role.OPERATOR),
                    new ExpectedServer.TheBroker(members::get),
                    other)),
        Reason.UNAUTHENTICATED,
        "certificate of broker/keys was not issued by the CA");
  }

  @Test
  void aBrokerCallsNobody() {
    assertThatThrownBy(() ->
            Channels.open(
                address(server),
                tls,
                SAMPLES.broker.tls(),
                new ExpectedServer.NodeOf("hospital", members::get)))
        .hasMessageContaining("for its server, not for calls");
  }

  private ConsortiumServiceGrpc.ConsortiumServiceBlockingStub stranger(
      ExpectedServer.Pinned pinned, Server at) {
    ManagedChannel channel = Channels.openAsStranger(address(at), tls, pinned);
    channels.add(channel);
    return ConsortiumServiceGrpc.newBlockingStub(channel);
  }

  @Test
  void aStrangerMayKnockAndNothingElse() {
    ConsortiumServiceGrpc.ConsortiumServiceBlockingStub knocking =
        stranger(
            new ExpectedServer.Pinned("hospital", SAMPLES.hospital.ca().certificate().sha256()),
            server);
    assertThat(knocking.join(JoinRequest.getDefaultInstance()))
        .isEqualTo(JoinResponse.getDefaultInstance());
    refused(() -> get(knocking), Reason.UNAUTHENTICATED, "needs a member's client certificate");
    refused(
        () -> knocking.createInvitation(CreateInvitationRequest.getDefaultInstance()),
        Reason.UNAUTHENTICATED,
        "ConsortiumService/CreateInvitation needs a member's client certificate");
  }

  @Test
  void aStrangerIsRefusedWhereNobodyMayKnock() {
    Server closed = start(SAMPLES.hospital.node().tls(), MutualTls.WithoutCertificate.REFUSED);
    refused(
        () ->
            stranger(
                    new ExpectedServer.Pinned(
                        "hospital", SAMPLES.hospital.ca().certificate().sha256()),
                    closed)
                .join(JoinRequest.getDefaultInstance()),
        Reason.UNAUTHENTICATED,
        "the other side refused the TLS handshake (alert: ");
  }

  @Test
  void aStrangerTrustsThePinOnly() {
    PartyIdentity posing = PartyIdentity.generate("hospital", clock, RANDOM);
    Server posed = startNode(posing.node().tls());
    ExpectedServer.Pinned pin =
        new ExpectedServer.Pinned("hospital", SAMPLES.hospital.ca().certificate().sha256());
    refused(
        () -> stranger(pin, posed).join(JoinRequest.getDefaultInstance()),
        Reason.UNAUTHENTICATED,
        "server does not show the CA");
    refused(
        () ->
            stranger(
                    new ExpectedServer.Pinned(
                        "insurer", SAMPLES.hospital.ca().certificate().sha256()),
                    server)
                .join(JoinRequest.getDefaultInstance()),
        Reason.UNAUTHENTICATED,
        "server is hospital/node/node; expected node of 'insurer'");
  }

  /** The right CA in the chain, but not as the issuer of the certificate that is shown. */
  @Test
  void aPinnedCaThatDidNotSignIsWorthNothing() {
    PartyIdentity posing = PartyIdentity.generate("hospital", clock, RANDOM);
    ExpectedServer.Pinned pin =
        new ExpectedServer.Pinned("hospital", SAMPLES.hospital.ca().certificate().sha256());
    assertThatThrownBy(() ->
            pin.check(
                List.of(posing.node().tls().leaf(), SAMPLES.hospital.ca().certificate().x509()),
                clock.instant()))
        .hasMessageContaining("was not issued by the CA");
  }

  @Test
  void failuresTravelWithTheirReasonAndNoDetailOfOurs() {
    ConsortiumServiceGrpc.ConsortiumServiceBlockingStub stub = stub(SAMPLES.insurer.node().tls());
    refused(() -> fail(stub, "refuse"), Reason.TOO_MANY, "too many of them");
    refused(() -> fail(stub, "later"), Reason.MEMORY_LIMIT, "needs more, has less");
    assertThat(logged).isEmpty();
    refused(() -> fail(stub, "throw"), Reason.INTERNAL, "the log of the answering side");
    refused(() -> fail(stub, "bug"), Reason.INTERNAL, "the log of the answering side");
    refused(() -> fail(stub, "other"), Reason.INTERNAL, "the log of the answering side");
    assertThat(logged)
        .extracting(Throwable::getMessage)
        .containsExactly(
            "a detail for the log", "another detail for the log", "yet another detail");
  }

  private static void fail(ConsortiumServiceGrpc.ConsortiumServiceBlockingStub stub, String how) {
    assertThat(stub.proposeRemoval(ProposeRemovalRequest.newBuilder().setParty(how).build()))
        .isNull();
  }

  @Test
  void nobodyListeningIsAnEnvironmentFailure() {
    ConsortiumServiceGrpc.ConsortiumServiceBlockingStub stub = stub(SAMPLES.insurer.node().tls());
    server.shutdownNow();
    refused(() -> get(stub), Reason.PEER_UNAVAILABLE, "call failed");
  }

  /** A peer that hangs up in the handshake is gone, not refusing. */
  @Test
  void whoHangsUpIsUnavailable() throws Exception {
    try (ServerSocket silent = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
      Thread hangsUp =
          Thread.ofVirtual()
              .start(() -> {
                try {
                  while (true) {
                    silent.accept().close();
                  }
                } catch (IOException e) {
                  // Closed at the end of the test.
                }
              });
      ManagedChannel channel =
          Channels.open(
              "127.0.0.1:" + silent.getLocalPort(),
              tls,
              SAMPLES.insurer.node().tls(),
              new ExpectedServer.NodeOf("hospital", members::get));
      channels.add(channel);
      refused(
          () -> get(ConsortiumServiceGrpc.newBlockingStub(channel)),
          Reason.PEER_UNAVAILABLE,
          "call failed");
      silent.close();
      hangsUp.join();
    }
  }

  @Test
  void messagesAboveTheLimitAreRefused() {
    JoinRequest large =
        JoinRequest.newBuilder()
            .setSecret(ByteString.copyFrom(new byte[Channels.MAX_MESSAGE_BYTES + 1]))
            .build();
    assertThatThrownBy(() -> stub(SAMPLES.insurer.node().tls()).join(large))
        .isInstanceOf(StatusRuntimeException.class)
        .hasMessageContaining("RESOURCE_EXHAUSTED");
  }

  @Test
  void outsideACallThereIsNoCaller() {
    assertThatThrownBy(CallerInterceptor::caller).isInstanceOf(RefusedException.class);
    assertThatThrownBy(CallerInterceptor::requireRole).isInstanceOf(BugException.class);
  }
}
