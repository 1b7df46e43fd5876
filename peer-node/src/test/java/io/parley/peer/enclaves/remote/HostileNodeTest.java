package io.parley.peer.enclaves.remote;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import io.grpc.ManagedChannel;
import io.grpc.stub.StreamObserver;
import io.parley.identity.PartyIdentity;
import io.parley.link.HostLink;
import io.parley.peer.enclaves.EnclaveRequest;
import io.parley.peer.relay.Pump;
import io.parley.peer.testing.FakeEnclaves;
import io.parley.peer.testing.FakeShim;
import io.parley.peer.testing.TestEnclaveServer;
import io.parley.proto.agreement.v1.NitroPolicy;
import io.parley.proto.agreement.v1.PcrValue;
import io.parley.proto.agreement.v1.PlatformPolicy;
import io.parley.proto.agreement.v1.VendorRoot;
import io.parley.proto.enclave.v1.AddAppRequest;
import io.parley.proto.enclave.v1.AddAppResponse;
import io.parley.proto.enclave.v1.CredentialAnswer;
import io.parley.proto.enclave.v1.EnclaveServiceGrpc;
import io.parley.proto.enclave.v1.HandOverRequest;
import io.parley.proto.enclave.v1.HandOverResponse;
import io.parley.proto.enclave.v1.HandedFrame;
import io.parley.proto.enclave.v1.HostFrame;
import io.parley.proto.enclave.v1.RunEnclaveRequest;
import io.parley.proto.enclave.v1.RunEnclaveResponse;
import io.parley.proto.enclave.v1.SocketEnd;
import io.parley.proto.enclave.v1.StartEnclave;
import io.parley.proto.enclave.v1.StartJob;
import io.parley.transport.Channels;
import io.parley.wire.Digest;
import io.parley.wire.Reason;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** A node that says what no node of ours says: the server ends that run, and serves on. */
@Timeout(value = 120, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class HostileNodeTest {
  private static final long MEMORY_BYTES = EnclaveRequest.MIN_MEMORY_BYTES;
  private static final PartyIdentity PARTY =
      PartyIdentity.generate("a", InstantSource.system(), new SecureRandom());
  private static final ByteString FRAME =
      HostFrame.newBuilder()
          .setStartJob(StartJob.newBuilder().setParty("a"))
          .build()
          .toByteString();

  @TempDir Path folder;
  private final FakeEnclaves inside = new FakeEnclaves(FakeShim::hang);
  private TestEnclaveServer server;
  private ManagedChannel channel;
  private EnclaveServiceGrpc.EnclaveServiceStub node;

  @BeforeEach
  void start() {
    server = new TestEnclaveServer(folder, PARTY, inside, TestEnclaveServer.config(1L << 30, 4));
    channel = server.client(PARTY.node()).open();
    node = EnclaveServiceGrpc.newStub(channel);
  }

  /** Whatever was said: nothing is left, and nothing is lost. */
  @AfterEach
  void stop() {
    await().atMost(Duration.ofSeconds(30)).until(() -> inside.running() == 0);
    EnclaveClient client = server.client(PARTY.node());
    await()
        .atMost(Duration.ofSeconds(30))
        .untilAsserted(() -> {
          assertThat(client.info().enclavesRunning()).isZero();
          assertThat(client.info().freeMemoryBytes()).isEqualTo(1L << 30);
        });
    channel.shutdownNow();
    server.close();
  }

  /** Notes what comes back. */
  private static final class Answers<T> implements StreamObserver<T> {
    final CompletableFuture<T> first = new CompletableFuture<>();
    final CompletableFuture<Reason> end = new CompletableFuture<>();

    @Override
    public void onNext(T answer) {
      first.complete(answer);
    }

    @Override
    public void onError(Throwable failure) {
      end.complete(Channels.failure(failure, Reason.IO_FAILED).reason());
      first.completeExceptionally(failure);
    }

    @Override
    public void onCompleted() {
      end.completeExceptionally(new AssertionError("it ended in good order"));
    }

    Reason refused() {
      return end.orTimeout(30, TimeUnit.SECONDS).join();
    }
  }

  private static RunEnclaveRequest order(Consumer<StartEnclave.Builder> change) {
    StartEnclave.Builder start =
        StartEnclave.newBuilder()
            .setJobId("job")
            .setMemoryLimitBytes(MEMORY_BYTES)
            .setTimeoutMs(60_000);
    change.accept(start);
    return RunEnclaveRequest.newBuilder().setStart(start).build();
  }

  private static RunEnclaveRequest order() {
    return order(start -> {});
  }

  private static RunEnclaveRequest frame(ByteString bytes) {
    return RunEnclaveRequest.newBuilder().setFrame(bytes).build();
  }

  static Stream<Arguments> wrongRuns() {
    ByteString tooLarge = ByteString.copyFrom(new byte[HostLink.MAX_FRAME_BYTES + 1]);
    return Stream.of(
        Arguments.of("a frame before the start", List.of(frame(FRAME))),
        Arguments.of("nothing", List.of(RunEnclaveRequest.getDefaultInstance())),
        Arguments.of("two starts", List.of(order(), order())),
        Arguments.of("too large a frame", List.of(order(), frame(tooLarge))),
        Arguments.of("an empty frame", List.of(order(), frame(ByteString.EMPTY))),
        Arguments.of(
            "a credential that nobody asked for",
            List.of(
                order(),
                RunEnclaveRequest.newBuilder()
                    .setCredential(CredentialAnswer.newBuilder().setId(1))
                    .build())));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("wrongRuns")
  void aRunThatBreaksTheProtocolIsEnded(String name, List<RunEnclaveRequest> messages) {
    Answers<RunEnclaveResponse> answers = new Answers<>();
    StreamObserver<RunEnclaveRequest> run = node.runEnclave(answers);
    messages.forEach(run::onNext);
    assertThat(answers.refused()).as(name).isEqualTo(Reason.PEER_PROTOCOL_BROKEN);
  }

  static Stream<Arguments> wrongOrders() {
    return Stream.of(
        Arguments.of("memory", order(s -> s.setMemoryLimitBytes(MEMORY_BYTES - 1))),
        Arguments.of("negative memory", order(s -> s.setMemoryLimitBytes(-1))),
        Arguments.of("no time", order(s -> s.setTimeoutMs(0))),
        Arguments.of("too much time", order(s -> s.setTimeoutMs(86_400_001))),
        Arguments.of("negative time", order(s -> s.setTimeoutMs(-1))),
        Arguments.of("no job", order(s -> s.setJobId(""))),
        Arguments.of("a job with lines", order(s -> s.setJobId("a\nb"))),
        Arguments.of("a long job", order(s -> s.setJobId("a".repeat(65)))),
        Arguments.of(
            "a policy for another platform",
            order(s ->
                s.setTpm(
                    PlatformPolicy.newBuilder()
                        .setNitro(
                            NitroPolicy.newBuilder()
                                .addPcrs(pcr(0))
                                .addPcrs(pcr(1))
                                .addPcrs(pcr(2))
                                .addRoots(
                                    VendorRoot.newBuilder()
                                        .setName("aws")
                                        .setSha256(ByteString.copyFrom(new byte[32]))))))),
        Arguments.of("an empty policy", order(s -> s.setTpm(PlatformPolicy.getDefaultInstance()))));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("wrongOrders")
  void anOrderOutOfBoundsIsRefused(String name, RunEnclaveRequest order) {
    Answers<RunEnclaveResponse> answers = new Answers<>();
    node.runEnclave(answers).onNext(order);
    assertThat(answers.refused()).as(name).isEqualTo(Reason.INVALID_REQUEST);
    assertThat(inside.launched()).isZero();
  }

  @Test
  void anAppThatIsNotThereIsSaid() {
    Answers<RunEnclaveResponse> answers = new Answers<>();
    node.runEnclave(answers).onNext(order(s -> s.setAppSha256(Digest.of(FRAME).value())));
    assertThat(answers.refused()).isEqualTo(Reason.APP_NOT_FOUND);
  }

  @Test
  void anAppUnderAnothersDigestIsNotKept() {
    Answers<AddAppResponse> answers = new Answers<>();
    StreamObserver<AddAppRequest> app = node.addApp(answers);
    app.onNext(AddAppRequest.newBuilder().setSha256(Digest.of(FRAME).value()).build());
    app.onNext(AddAppRequest.newBuilder().setChunk(ByteString.copyFrom(new byte[4096])).build());
    app.onCompleted();
    assertThat(answers.refused()).isEqualTo(Reason.INVALID_APP);
    assertThat(server.apps.list()).isEmpty();
  }

  @Test
  void aRunThatIsCutIsKilled() {
    Answers<RunEnclaveResponse> answers = new Answers<>();
    StreamObserver<RunEnclaveRequest> run = node.runEnclave(answers);
    run.onNext(order());
    assertThat(answers.first.join().hasStarted()).isTrue();
    run.onError(new IllegalStateException("cut"));
    await().atMost(Duration.ofSeconds(30)).until(() -> inside.running() == 0);
  }

  @Test
  void aConnectionThatIsCutKillsWhatRan() {
    Answers<RunEnclaveResponse> answers = new Answers<>();
    node.runEnclave(answers).onNext(order());
    assertThat(answers.first.join().hasStarted()).isTrue();
    channel.shutdownNow();
    await().atMost(Duration.ofSeconds(30)).until(() -> inside.running() == 0);
  }

  /** A run that has had its first frame; it is cut at the end. */
  private ByteString running() {
    Answers<RunEnclaveResponse> answers = new Answers<>();
    StreamObserver<RunEnclaveRequest> run = node.runEnclave(answers);
    run.onNext(order());
    ByteString name = answers.first.join().getStarted().getRun();
    run.onNext(frame(FRAME));
    assertThat(name.size()).isEqualTo(16);
    return name;
  }

  private static HandOverRequest handed(Consumer<HandedFrame.Builder> change) {
    HandedFrame.Builder handed = HandedFrame.newBuilder().setFrame(FRAME);
    change.accept(handed);
    return HandOverRequest.newBuilder().setHanded(handed).build();
  }

  private static HandOverRequest chunk(int size) {
    return HandOverRequest.newBuilder().setChunk(ByteString.copyFrom(new byte[size])).build();
  }

  private Reason handOver(HandOverRequest... messages) {
    Answers<HandOverResponse> answers = new Answers<>();
    StreamObserver<HandOverRequest> call = node.handOver(answers);
    for (HandOverRequest message : messages) {
      call.onNext(message);
    }
    call.onCompleted();
    return answers.refused();
  }

  @Test
  void handOversThatBreakTheProtocolAreRefusedAndTheRunGoesOn() {
    ByteString run = running();
    ByteString other = ByteString.copyFrom(new byte[16]);
    HandOverRequest file = handed(h -> h.setRun(run).setFileBytes(10));
    HandOverRequest socket = handed(h -> h.setRun(run).setSocket(SocketEnd.getDefaultInstance()));
    assertThat(handOver()).isEqualTo(Reason.PEER_PROTOCOL_BROKEN);
    assertThat(handOver(chunk(1))).isEqualTo(Reason.PEER_PROTOCOL_BROKEN);
    assertThat(handOver(handed(h -> h.setRun(run)))).isEqualTo(Reason.PEER_PROTOCOL_BROKEN);
    assertThat(handOver(handed(h -> h.setRun(other).setFileBytes(1))))
        .isEqualTo(Reason.JOB_NOT_RUNNING);
    assertThat(handOver(file, chunk(9))).as("too few bytes").isEqualTo(Reason.SIZE_LIMIT);
    assertThat(handOver(file, chunk(11))).as("too many bytes").isEqualTo(Reason.SIZE_LIMIT);
    assertThat(handOver(file, chunk(10), chunk(1))).isEqualTo(Reason.SIZE_LIMIT);
    assertThat(handOver(file, file)).isEqualTo(Reason.PEER_PROTOCOL_BROKEN);
    assertThat(handOver(socket, chunk(Pump.PIECE_BYTES + 1)))
        .isEqualTo(Reason.PEER_PROTOCOL_BROKEN);
    assertThat(handOver(handed(h -> h.setRun(run).setFileBytes(-1))))
        .isEqualTo(Reason.MEMORY_LIMIT);
    assertThat(handOver(handed(h -> h.setRun(run).setFileBytes(MEMORY_BYTES + 1))))
        .isEqualTo(Reason.MEMORY_LIMIT);
    ByteString large = ByteString.copyFrom(new byte[HostLink.MAX_FRAME_BYTES + 1]);
    assertThat(handOver(handed(h -> h.setRun(run).setFrame(large).setFileBytes(1))))
        .isEqualTo(Reason.SIZE_LIMIT);
    assertThat(inside.running()).isEqualTo(1);
    channel.shutdownNow();
  }

  @Test
  void noMoreHandOversAtOnceThanARunMayHave() {
    ByteString run = running();
    Answers<HandOverResponse> last = new Answers<>();
    for (int i = 0; i < HandedOver.MAX; i++) {
      node.handOver(new Answers<>()).onNext(handed(h -> h.setRun(run).setFileBytes(1)));
    }
    // The server takes calls up on threads of its own, so the one too many may not be the last.
    await()
        .atMost(Duration.ofSeconds(30))
        .until(() -> {
          Answers<HandOverResponse> more = new Answers<>();
          StreamObserver<HandOverRequest> call = node.handOver(more);
          call.onNext(handed(h -> h.setRun(run).setFileBytes(1)));
          try {
            return more.end.get(2, TimeUnit.SECONDS) == Reason.TOO_MANY;
          } catch (java.util.concurrent.TimeoutException e) {
            return false;
          }
        });
    assertThat(last.end).isNotDone();
    channel.shutdownNow();
  }

  @Test
  void aHandOverEndsWithItsRun() {
    Answers<RunEnclaveResponse> answers = new Answers<>();
    StreamObserver<RunEnclaveRequest> run = node.runEnclave(answers);
    run.onNext(order());
    ByteString name = answers.first.join().getStarted().getRun();
    run.onNext(frame(FRAME));
    Answers<HandOverResponse> half = new Answers<>();
    StreamObserver<HandOverRequest> file = node.handOver(half);
    file.onNext(handed(h -> h.setRun(name).setFileBytes(100)));
    file.onNext(chunk(50));
    run.onCompleted();
    assertThat(half.refused()).isIn(Reason.LINK_CLOSED, Reason.JOB_NOT_RUNNING);
  }

  @Test
  void aRunWithoutAWordIsEnded() {
    Answers<RunEnclaveResponse> answers = new Answers<>();
    var unused = node.runEnclave(answers);
    assertThat(answers.refused()).isEqualTo(Reason.PEER_PROTOCOL_BROKEN);
  }

  private static PcrValue pcr(int index) {
    return PcrValue.newBuilder()
        .setIndex(index)
        .setValue(ByteString.copyFrom(new byte[48]))
        .build();
  }
}
