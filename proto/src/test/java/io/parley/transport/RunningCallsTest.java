package io.parley.transport;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.parley.agreement.Samples;
import io.parley.identity.Member;
import io.parley.identity.Membership;
import io.parley.identity.PartyIdentity;
import io.parley.identity.TestClock;
import io.parley.proto.peer.v1.PeerServiceGrpc;
import io.parley.proto.peer.v1.RelayRequest;
import io.parley.proto.peer.v1.RelayResponse;
import io.parley.wire.ParleyException;
import io.parley.wire.Reason;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Streams that run while the membership list changes. */
class RunningCallsTest {
  private static final Samples SAMPLES = new Samples();
  private static final long WAIT_SECONDS = 30;

  private final TestClock clock = new TestClock(Samples.NOW);
  private final AtomicReference<Membership> members = new AtomicReference<>(SAMPLES.membership());
  private final MutualTls tls = new MutualTls(clock);
  private final List<Throwable> logged = new CopyOnWriteArrayList<>();
  private final List<ManagedChannel> channels = new ArrayList<>();
  private final Echo echo = new Echo();
  private Server server;

  @BeforeEach
  void start() throws Exception {
    server =
        Channels.server(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                tls.server(
                    SAMPLES.hospital.node().tls(),
                    members::get,
                    MutualTls.WithoutCertificate.REFUSED),
                new ErrorInterceptor((method, failure) -> logged.add(failure)),
                new CallerInterceptor(members::get, clock, Set.of()))
            .addService(echo)
            .build()
            .start();
  }

  @AfterEach
  void stop() throws Exception {
    channels.forEach(ManagedChannel::shutdownNow);
    server.shutdownNow();
    server.awaitTermination(5, TimeUnit.SECONDS);
  }

  @Test
  void aRemovedPartysStreamEndsAndAnothersGoesOn() throws Exception {
    Client removed = new Client(SAMPLES.insurer);
    Client staying = new Client(SAMPLES.hospital);
    removed.echoes();
    staying.echoes();

    change(members -> members.filter(member -> !member.name().equals("insurer")));

    assertThat(removed.refusal().reason()).isEqualTo(Reason.NOT_A_MEMBER);
    assertThat(removed.refusal()).hasMessageContaining("'insurer' is no member");
    assertThat(echo.cancelled.poll(WAIT_SECONDS, TimeUnit.SECONDS))
        .as("its handler is told")
        .isEqualTo("insurer");
    staying.echoes();
    assertThat(logged).isEmpty();
  }

  @Test
  void whatTheHandlerOfAnEndedStreamStillSendsIsDropped() throws Exception {
    Client removed = new Client(SAMPLES.insurer);
    removed.echoes();
    ServerCallStreamObserver<RelayResponse> handler = echo.newest.get();
    change(members -> members.filter(member -> !member.name().equals("insurer")));
    assertThat(removed.refusal().reason()).isEqualTo(Reason.NOT_A_MEMBER);
    assertThat(echo.cancelled.poll(WAIT_SECONDS, TimeUnit.SECONDS)).isEqualTo("insurer");

    assertThat(handler.isCancelled()).isTrue();
    assertThat(handler.isReady()).isFalse();
    handler.onNext(RelayResponse.newBuilder().setChunk(ByteString.copyFromUtf8("late")).build());
    handler.onCompleted();

    assertThat(removed.answers.poll(200, TimeUnit.MILLISECONDS)).isNull();
    assertThat(logged).isEmpty();
  }

  @Test
  void aStreamEndsWhenItsPartysNameIsGivenToSomebodyElse() throws Exception {
    Client old = new Client(SAMPLES.insurer);
    old.echoes();
    PartyIdentity other = PartyIdentity.generate("insurer", clock, new SecureRandom());

    change(members ->
        members.map(
            member -> member.name().equals("insurer") ? other.member("127.0.0.1:1") : member));

    assertThat(old.refusal().reason()).isEqualTo(Reason.UNAUTHENTICATED);
    new Client(other).echoes();
  }

  @Test
  void aStreamEndsWithItsCertificate() throws Exception {
    Client client = new Client(SAMPLES.insurer);
    client.echoes();
    clock.advance(Duration.ofDays(4000));
    assertThat(client.refusal().reason()).isEqualTo(Reason.UNAUTHENTICATED);
  }

  @Test
  void aStreamThatIsCompletedIsNotTakenForACancelledOne() throws Exception {
    Client client = new Client(SAMPLES.insurer);
    client.echoes();
    client.requests.onCompleted();
    assertThat(client.ended.get(WAIT_SECONDS, TimeUnit.SECONDS)).isNull();
    assertThat(echo.cancelled).isEmpty();
  }

  private void change(UnaryOperator<Stream<Member>> change) {
    Membership now = members.get();
    members.set(
        new Membership(
            now.consortium(),
            now.version() + 1,
            Samples.APP,
            now.issued(),
            change.apply(now.members().stream()).toList(),
            now.broker()));
  }

  /** Sends back what it gets, until it is told otherwise. */
  private static final class Echo extends PeerServiceGrpc.PeerServiceImplBase {
    private final BlockingQueue<String> cancelled = new ArrayBlockingQueue<>(10);
    private final AtomicReference<ServerCallStreamObserver<RelayResponse>> newest =
        new AtomicReference<>();

    @Override
    public StreamObserver<RelayRequest> relay(StreamObserver<RelayResponse> answers) {
      var call = (ServerCallStreamObserver<RelayResponse>) answers;
      String party = CallerInterceptor.party().name();
      call.setOnCancelHandler(() -> cancelled.add(party));
      newest.set(call);
      return new StreamObserver<>() {
        @Override
        public void onNext(RelayRequest request) {
          call.onNext(RelayResponse.newBuilder().setChunk(request.getChunk()).build());
        }

        @Override
        public void onError(Throwable failure) {
          // The handler for cancelling is told too.
        }

        @Override
        public void onCompleted() {
          call.onCompleted();
        }
      };
    }
  }

  /** A stream of a party's node. */
  private final class Client implements StreamObserver<RelayResponse> {
    private final BlockingQueue<ByteString> answers = new ArrayBlockingQueue<>(10);
    private final CompletableFuture<Throwable> ended = new CompletableFuture<>();
    private final StreamObserver<RelayRequest> requests;

    Client(PartyIdentity party) {
      ManagedChannel channel =
          Channels.open(
              "127.0.0.1:" + server.getPort(),
              tls,
              party.node().tls(),
              new ExpectedServer.NodeOf("hospital", members::get));
      channels.add(channel);
      requests = PeerServiceGrpc.newStub(channel).relay(this);
    }

    void echoes() throws InterruptedException {
      ByteString word = ByteString.copyFromUtf8("hello");
      requests.onNext(RelayRequest.newBuilder().setChunk(word).build());
      assertThat(answers.poll(WAIT_SECONDS, TimeUnit.SECONDS)).isEqualTo(word);
    }

    ParleyException refusal() throws Exception {
      return Channels.failure(ended.get(WAIT_SECONDS, TimeUnit.SECONDS), Reason.PEER_UNAVAILABLE);
    }

    @Override
    public void onNext(RelayResponse answer) {
      answers.add(answer.getChunk());
    }

    @Override
    public void onError(Throwable failure) {
      ended.complete(failure);
    }

    @Override
    public void onCompleted() {
      ended.complete(null);
    }
  }
}
