package io.parley.peer.enclaves.remote;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.fail;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import io.parley.identity.PartyIdentity;
import io.parley.link.Descriptor;
import io.parley.link.HostLink;
import io.parley.link.Received;
import io.parley.link.Sockets;
import io.parley.peer.apps.AppPacker;
import io.parley.peer.enclaves.Enclave;
import io.parley.peer.enclaves.EnclaveRequest;
import io.parley.peer.testing.FakeEnclaves;
import io.parley.peer.testing.FakeShim;
import io.parley.peer.testing.TestEnclaveServer;
import io.parley.proto.enclave.v1.ChannelReady;
import io.parley.proto.enclave.v1.DatasetSource;
import io.parley.proto.enclave.v1.HostFrame;
import io.parley.proto.enclave.v1.OpenResult;
import io.parley.proto.enclave.v1.Progress;
import io.parley.proto.enclave.v1.Request;
import io.parley.proto.enclave.v1.ResultSink;
import io.parley.proto.enclave.v1.ShimFrame;
import io.parley.proto.enclave.v1.StartJob;
import io.parley.wire.Digest;
import io.parley.wire.ParleyException;
import io.parley.wire.Reason;
import io.parley.wire.Statuses;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** An enclave behind a real server and a real connection is as one behind a socket. */
@Timeout(value = 120, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class RemoteEnclaveTest {
  private static final long MEMORY_BYTES = 256L << 20;
  private static final PartyIdentity PARTY =
      PartyIdentity.generate("a", InstantSource.system(), new SecureRandom());
  private static final Duration SOON = Duration.ofSeconds(20);

  @TempDir Path folder;
  private final FakeEnclaves inside = new FakeEnclaves(FakeShim::hang);
  private TestEnclaveServer server;
  private RemoteLauncher launcher;

  @BeforeEach
  void start() {
    server =
        new TestEnclaveServer(folder, PARTY, inside, TestEnclaveServer.config(3 * MEMORY_BYTES, 2));
    launcher = server.launcher(PARTY.node());
  }

  @AfterEach
  void stop() {
    launcher.close();
    server.close();
    assertThat(inside.running()).isZero();
  }

  private static EnclaveRequest request(@Nullable Path app) {
    return new EnclaveRequest("job", app, MEMORY_BYTES, Duration.ofMinutes(1), null);
  }

  private Enclave launch() {
    return launcher.launch(request(null));
  }

  private static byte[] startFrame() {
    return HostFrame.newBuilder()
        .setStartJob(StartJob.newBuilder().setParty("a"))
        .build()
        .toByteArray();
  }

  private static byte[] datasetFrame(long size) {
    return HostFrame.newBuilder()
        .setDatasetSource(DatasetSource.newBuilder().setDataset("t").setSizeBytes(size))
        .build()
        .toByteArray();
  }

  private static byte[] channelFrame() {
    return HostFrame.newBuilder()
        .setChannelReady(ChannelReady.newBuilder().setParty("b").setStream("dataset/t"))
        .build()
        .toByteArray();
  }

  private static byte[] sinkFrame() {
    return HostFrame.newBuilder()
        .setResultSink(ResultSink.newBuilder().setResult("out"))
        .build()
        .toByteArray();
  }

  private static ShimFrame receive(Enclave enclave) throws IOException {
    try (Received received = enclave.link().receive(SOON)) {
      assertThat(received.descriptors()).isEmpty();
      return ShimFrame.parseFrom(received.frame());
    }
  }

  private static Reason lastWord(Enclave enclave) throws IOException {
    ShimFrame last = receive(enclave);
    assertThat(last.hasFinished()).as("%s", last).isTrue();
    return Statuses.fromStatus(com.google.rpc.Status.parseFrom(last.getFinished().getStatus()))
        .reason();
  }

  private static Reason reasonOf(Runnable work) {
    try {
      work.run();
    } catch (ParleyException e) {
      return e.reason();
    }
    throw new AssertionError("nothing was refused");
  }

  private static byte[] bytes(int size) {
    byte[] bytes = new byte[size];
    new Random(size).nextBytes(bytes);
    return bytes;
  }

  private Path file(byte[] content) throws IOException {
    return Files.write(Files.createTempFile(folder, "data", ".bin"), content);
  }

  @Test
  void framesPassBothWaysAsTheyAreAlsoTheLargest() throws IOException {
    inside.script(shim -> {
      while (true) {
        try (Received received = shim.link().receive()) {
          shim.link().send(received.frame());
        }
      }
    });
    try (Enclave enclave = launch()) {
      for (int size : new int[] {1, 2, 65_536, HostLink.MAX_FRAME_BYTES}) {
        byte[] frame = bytes(size);
        enclave.link().send(frame);
        assertThat(enclave.link().receive(SOON).frame()).isEqualTo(frame);
      }
      assertThat(enclave.exit()).isNotDone();
    }
  }

  @Test
  void theShimGetsADatasetWholeAndCannotWriteIt() throws IOException {
    byte[] rows = bytes(3 << 20 | 17);
    CompletableFuture<String> seen = new CompletableFuture<>();
    inside.script(shim -> {
      Descriptor file = FakeShim.descriptor(shim.next(HostFrame.FrameCase.DATASET_SOURCE));
      ByteBuffer last = ByteBuffer.allocate(1);
      file.readAt(last, rows.length - 1);
      String written;
      try {
        written = "wrote " + file.write(ByteBuffer.allocate(1));
      } catch (IOException e) {
        written = "cannot write";
      }
      long size = file.size();
      seen.complete(
          "%d %d %s %s".formatted(size, last.get(0), Digest.of(FakeShim.readAll(file)), written));
      shim.hang();
    });
    try (Enclave enclave = launch();
        Descriptor file = Descriptor.openForReading(file(rows))) {
      enclave.link().send(startFrame());
      enclave.link().send(datasetFrame(rows.length), file);
      assertThat(seen.orTimeout(20, TimeUnit.SECONDS).join())
          .isEqualTo(
              "%d %d %s cannot write"
                  .formatted(rows.length, rows[rows.length - 1], Digest.of(rows)));
    }
  }

  @Test
  void anEmptyDatasetIsOneToo() throws IOException {
    CompletableFuture<Long> seen = new CompletableFuture<>();
    inside.script(shim -> {
      seen.complete(FakeShim.descriptor(shim.next(HostFrame.FrameCase.DATASET_SOURCE)).size());
      shim.hang();
    });
    try (Enclave enclave = launch();
        Descriptor file = Descriptor.openForReading(file(new byte[0]))) {
      enclave.link().send(startFrame());
      enclave.link().send(datasetFrame(0), file);
      assertThat(seen.orTimeout(20, TimeUnit.SECONDS).join()).isZero();
    }
  }

  @Test
  void aFileThatIsShorterThanSaidEndsTheEnclaveWithTheReason() throws IOException {
    try (Enclave enclave = launch();
        Descriptor file = Descriptor.openForReading(file(bytes(100)))) {
      enclave.link().send(startFrame());
      enclave.link().send(datasetFrame(101), file);
      assertThat(lastWord(enclave)).isEqualTo(Reason.IO_FAILED);
    }
  }

  @Test
  void aChannelIsCarriedBothWaysAndEachWayEndsForItself() throws Exception {
    byte[] there = bytes(5 << 20);
    byte[] back = bytes(4 << 20);
    inside.script(shim -> {
      Descriptor socket = FakeShim.descriptor(shim.next(HostFrame.FrameCase.CHANNEL_READY));
      ByteBuffer came = ByteBuffer.allocate(there.length);
      assertThat(socket.readFully(came)).isTrue();
      assertThat(socket.read(ByteBuffer.allocate(1))).isEqualTo(-1);
      assertThat(Digest.of(came.array())).isEqualTo(Digest.of(there));
      // Its other end has said that no more comes, and still listens.
      socket.writeFully(ByteBuffer.wrap(back));
      socket.close();
      shim.hang();
    });
    List<Descriptor> pair = Sockets.pair();
    try (Enclave enclave = launch();
        Descriptor far = pair.getLast()) {
      enclave.link().send(startFrame());
      try (Descriptor near = pair.getFirst()) {
        enclave.link().send(channelFrame(), near);
      }
      far.writeFully(ByteBuffer.wrap(there));
      far.shutdownOutput();
      assertThat(Digest.of(FakeShim.readAll(far))).isEqualTo(Digest.of(back));
    }
  }

  @Test
  void aResultIsInItsFileBeforeTheHostHearsThatTheEnclaveFinished() throws IOException {
    byte[] sealed = bytes(7 << 20);
    inside.script(shim -> {
      shim.next(HostFrame.FrameCase.START_JOB);
      shim.writeResult("out", sealed);
      shim.succeed(ByteString.copyFromUtf8("receipt"));
    });
    Path out = folder.resolve("out.part");
    try (Enclave enclave = launch()) {
      enclave.link().send(startFrame());
      assertThat(receive(enclave).getOpenResult())
          .isEqualTo(OpenResult.newBuilder().setResult("out").build());
      try (Descriptor file = Descriptor.createForWriting(out)) {
        enclave.link().send(sinkFrame(), file);
      }
      assertThat(receive(enclave).getFinished().getSuccess().getReceipt().toStringUtf8())
          .isEqualTo("receipt");
      assertThat(Files.size(out)).isEqualTo(sealed.length);
      assertThat(Digest.of(Files.readAllBytes(out))).isEqualTo(Digest.of(sealed));
      assertThat(enclave.exit().orTimeout(20, TimeUnit.SECONDS).join().code()).isZero();
    }
  }

  private static ShimFrame attest(int size) {
    return ShimFrame.newBuilder()
        .setRequest(Request.newBuilder().setId(5).setAttest(ByteString.copyFrom(bytes(size))))
        .build();
  }

  @Test
  void evidenceIsMadeInsideAndTheHostIsNotAsked() throws IOException {
    CompletableFuture<HostFrame> answer = new CompletableFuture<>();
    inside.script(shim -> {
      shim.send(attest(64));
      answer.complete(shim.next(HostFrame.FrameCase.REPLY).message());
      shim.progress("attest", "done");
      shim.hang();
    });
    try (Enclave enclave = launch()) {
      // The first that the host hears is what came after it.
      assertThat(receive(enclave).getProgress())
          .isEqualTo(Progress.newBuilder().setPhase("attest").setMessage("done").build());
      HostFrame reply = answer.join();
      assertThat(reply.getReply().getId()).isEqualTo(5);
      assertThat(reply.getReply().getResponse())
          .isEqualTo(
              ByteString.copyFromUtf8("document over ").concat(ByteString.copyFrom(bytes(64))));
    }
  }

  @Test
  void theHostCannotAskForEvidence() {
    try (Enclave enclave = launch()) {
      assertThat(
              reasonOf(() -> {
                var unused =
                    enclave.attest(
                        ByteString.copyFrom(new byte[64]), wish -> fail("nobody asks the TPM"));
              }))
          .isEqualTo(Reason.PEER_PROTOCOL_BROKEN);
    }
  }

  @Test
  void reportDataOfAnotherLengthIsRefusedInside() throws Exception {
    CompletableFuture<HostFrame> answer = new CompletableFuture<>();
    inside.script(shim -> {
      shim.send(attest(63));
      answer.complete(shim.next(HostFrame.FrameCase.REPLY).message());
      shim.hang();
    });
    try (Enclave enclave = launch()) {
      assertThat(enclave.exit()).isNotDone();
      assertThat(
              Statuses.fromStatus(
                      com.google.rpc.Status.parseFrom(
                          answer.orTimeout(20, TimeUnit.SECONDS).join().getReply().getStatus()))
                  .reason())
          .isEqualTo(Reason.PEER_PROTOCOL_BROKEN);
    }
  }

  @Test
  void moreAttestationsThanAJobNeedsEndTheEnclave() throws IOException {
    inside.script(shim -> {
      for (int i = 0; i < 1000; i++) {
        shim.send(attest(64));
      }
      shim.hang();
    });
    try (Enclave enclave = launch()) {
      assertThat(lastWord(enclave)).isEqualTo(Reason.PEER_PROTOCOL_BROKEN);
    }
  }

  @Test
  void theExitIsTheEnclavesOwn() {
    inside.script(shim -> {
      throw new FakeEnclaves.MemoryLimitReached();
    });
    try (Enclave enclave = launch()) {
      var exit = enclave.exit().orTimeout(20, TimeUnit.SECONDS).join();
      assertThat(exit.code()).isEqualTo(137);
      assertThat(exit.memoryLimit()).isTrue();
      assertThat(
              reasonOf(() -> {
                var unused = enclave.link().receive(SOON);
              }))
          .isEqualTo(Reason.LINK_CLOSED);
    }
  }

  @Test
  void killedByTheNodeNothingIsLeft() {
    try (Enclave enclave = launch()) {
      assertThat(inside.running()).isEqualTo(1);
      enclave.kill();
      assertThat(enclave.exit().orTimeout(20, TimeUnit.SECONDS).join().code()).isEqualTo(137);
      assertThat(inside.running()).isZero();
    }
  }

  @Test
  void closedByTheNodeNothingIsLeftWhenItReturns() {
    launch().close();
    assertThat(inside.running()).isZero();
  }

  @Test
  void aServerThatEndsIsSaidInTheEnclavesPlace() throws IOException {
    try (Enclave enclave = launch()) {
      server.close();
      assertThat(inside.running()).isZero();
      assertThat(lastWord(enclave)).isEqualTo(Reason.ENCLAVE_UNAVAILABLE);
      assertThat(enclave.exit().orTimeout(20, TimeUnit.SECONDS).join().detail())
          .contains("enclave server 'vm1' at 127.0.0.1:", "it was told to end");
    }
  }

  @Test
  void twoRunAtOnceAndAThirdIsRefusedUntilOneEnds() {
    try (Enclave first = launch()) {
      try (Enclave second = launch()) {
        assertThat(second.exit()).isNotDone();
        assertThat(reasonOf(() -> launch().close())).isEqualTo(Reason.TOO_MANY);
        assertThat(first.exit()).isNotDone();
      }
      launch().close();
    }
    assertThat(server.client(PARTY.node()).info().enclavesRunning()).isZero();
    assertThat(server.client(PARTY.node()).info().freeMemoryBytes()).isEqualTo(3 * MEMORY_BYTES);
  }

  @Test
  void moreMemoryThanTheServerHasIsRefused() {
    EnclaveRequest large =
        new EnclaveRequest("job", null, 4 * MEMORY_BYTES, Duration.ofMinutes(1), null);
    assertThatThrownBy(() -> launcher.launch(large))
        .hasMessageContaining("the enclave needs at least 1073741824 bytes")
        .hasMessageContaining("enclave.yaml");
  }

  @Test
  void aDatasetLargerThanTheEnclavesShareIsRefusedWithTheReasonAndGivenBack() throws IOException {
    Path sparse = folder.resolve("sparse");
    try (var channel =
        Files.newByteChannel(
            sparse,
            java.nio.file.StandardOpenOption.CREATE_NEW,
            java.nio.file.StandardOpenOption.WRITE)) {
      channel.position(MEMORY_BYTES);
      channel.write(ByteBuffer.allocate(1));
    }
    try (Enclave enclave = launch();
        Descriptor file = Descriptor.openForReading(sparse)) {
      enclave.link().send(startFrame());
      enclave.link().send(datasetFrame(MEMORY_BYTES + 1), file);
      assertThat(lastWord(enclave)).isEqualTo(Reason.MEMORY_LIMIT);
    }
    assertThat(server.client(PARTY.node()).info().freeMemoryBytes()).isEqualTo(3 * MEMORY_BYTES);
  }

  @Test
  void anAppIsSentOnceAndKnownByItsDigest() throws IOException {
    Path app = app("one");
    Digest digest = AppPacker.manifest(app).digest();
    for (int i = 0; i < 2; i++) {
      inside.script(shim -> {
        assertThat(
                Files.readString(shim.request().apps().folders().getFirst().resolve("query.sql")))
            .isEqualTo("one");
        shim.succeed(ByteString.EMPTY);
      });
      try (Enclave enclave = launcher.launch(request(app))) {
        assertThat(receive(enclave).getFinished().hasSuccess()).isTrue();
      }
      assertThat(server.apps.find(digest)).isPresent();
    }
    assertThat(server.apps.list()).hasSize(1);
  }

  /** What its folder has become since it was measured is not what was asked for. */
  @Test
  void anAppThatHasChangedSinceItWasMeasuredIsRefused() throws IOException {
    Path app = app("one");
    launcher.launch(request(app)).close();
    Files.writeString(app.resolve("query.sql"), "two");
    // The one that is there under this digest runs.
    launcher.launch(request(app)).close();
    int port = server.port();
    server.close();
    server =
        new TestEnclaveServer(
            Files.createDirectories(folder.resolve("empty")),
            PARTY,
            inside,
            TestEnclaveServer.config(port, 3 * MEMORY_BYTES, 2));
    assertThat(reasonOf(() -> launcher.launch(request(app)))).isEqualTo(Reason.APP_DIGEST_WRONG);
    assertThat(server.apps.list()).isEmpty();
  }

  private Path app(String query) throws IOException {
    Path app = Files.createDirectories(folder.resolve("app"));
    Files.writeString(app.resolve("app.yaml"), "name: test\ncommand: [java, -version]\n");
    Files.writeString(app.resolve("query.sql"), query);
    return app;
  }

  /** The host may write as it likes: what the shim does not take waits at the host. */
  @Test
  void aShimThatDoesNotReadCostsNobodyMemory() throws Exception {
    inside.script(shim -> {
      Descriptor unread = FakeShim.descriptor(shim.next(HostFrame.FrameCase.CHANNEL_READY));
      try {
        shim.hang();
      } finally {
        unread.close();
      }
    });
    List<Descriptor> pair = Sockets.pair();
    AtomicLong written = new AtomicLong();
    try (Enclave enclave = launch();
        Descriptor far = pair.getLast()) {
      enclave.link().send(startFrame());
      enclave.link().send(channelFrame(), pair.getFirst());
      pair.getFirst().close();
      Thread writer =
          Thread.ofPlatform()
              .daemon()
              .start(() -> {
                ByteBuffer piece = ByteBuffer.allocateDirect(1 << 20);
                try {
                  while (true) {
                    far.writeFully(piece.clear());
                    written.addAndGet(piece.capacity());
                  }
                } catch (IOException e) {
                  // The enclave has ended.
                }
              });
      AtomicLong before = new AtomicLong(-1);
      await()
          .atMost(Duration.ofSeconds(60))
          .pollInterval(Duration.ofSeconds(1))
          .until(() -> written.get() > 0 && before.getAndSet(written.get()) == written.get());
      assertThat(written.get()).isLessThan(64L << 20);
      enclave.close();
      writer.join(20_000);
      assertThat(writer.isAlive()).isFalse();
    }
  }

  @Test
  void whatTheServerSaysOfItselfIsSeen() {
    EnclaveClient.Info info = server.client(PARTY.node()).info();
    assertThat(info.shim()).isEqualTo(launcher.shimDigest()).isEqualTo(inside.shimDigest());
    assertThat(info.isolation()).isEqualTo(launcher.isolation()).isEqualTo("bwrap");
    assertThat(info.evidenceKind()).isEqualTo("simulated");
    assertThat(info.enclavesMax()).isEqualTo(2);
    assertThat(info.version()).isEqualTo("test");
  }

  @Test
  void evidenceOfAnotherKindThanTheNodeExpectsIsSaidAtOnce() {
    try (RemoteLauncher expecting = new RemoteLauncher(server.client(PARTY.node()), "sev-snp")) {
      assertThatThrownBy(() -> expecting.launch(request(null)))
          .hasMessageContaining("makes evidence of kind 'simulated'; parley.yaml says 'sev-snp'");
    }
    await().atMost(SOON).until(() -> inside.running() == 0);
  }

  @Test
  void nobodyThereIsSaidWithTheAddress() {
    server.close();
    assertThatThrownBy(this::launch)
        .isInstanceOfSatisfying(
            ParleyException.class,
            e -> assertThat(e.reason()).isEqualTo(Reason.ENCLAVE_UNAVAILABLE))
        .hasMessageContaining("enclave server 'vm1' at 127.0.0.1:");
  }

  @Test
  void textOfAShimThatIsNoFrameIsTheHostsToJudge() throws IOException {
    inside.script(shim -> {
      shim.link().send("no frame at all".getBytes(UTF_8));
      shim.hang();
    });
    try (Enclave enclave = launch()) {
      assertThat(new String(enclave.link().receive(SOON).frame(), UTF_8))
          .isEqualTo("no frame at all");
    }
  }
}
