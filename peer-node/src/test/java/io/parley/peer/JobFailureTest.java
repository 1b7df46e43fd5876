package io.parley.peer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.Status;
import io.grpc.StatusRuntimeException;
import io.parley.identity.Role;
import io.parley.peer.TestConsortium.TestNode;
import io.parley.peer.testing.FakeEnclaves;
import io.parley.peer.testing.FakeShim;
import io.parley.proto.broker.v1.AgreementState;
import io.parley.proto.broker.v1.CreateChallengeRequest;
import io.parley.proto.broker.v1.JobReport;
import io.parley.proto.enclave.v1.HostFrame;
import io.parley.proto.enclave.v1.Request;
import io.parley.proto.enclave.v1.ShimFrame;
import io.parley.proto.peer.v1.CancelJobRequest;
import io.parley.proto.peer.v1.Job;
import io.parley.proto.peer.v1.JobState;
import io.parley.proto.peer.v1.OpenChannelRequest;
import io.parley.proto.peer.v1.PeerServiceGrpc;
import io.parley.transport.GrpcStatuses;
import io.parley.wire.ParleyException;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import io.parley.wire.Statuses;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** However a job goes wrong: it ends everywhere, says why and where, and leaves nothing. */
class JobFailureTest {
  @TempDir Path root;
  private TestConsortium consortium;
  private TestNode a;
  private TestNode b;

  @BeforeEach
  void start() throws Exception {
    consortium = new TestConsortium(root, "handed", "a", "b");
    a = consortium.node("a");
    b = consortium.node("b");
  }

  @AfterEach
  void stop() throws Exception {
    consortium.close();
  }

  private void failsEverywhere(Job job, Reason reason, String failedAt) throws Exception {
    for (TestNode node : consortium.nodes.values()) {
      Job ended = node.awaitEnd(job.getJobId());
      assertThat(ended.getState()).isEqualTo(JobState.JOB_STATE_FAILED);
      assertThat(reason(ended)).as("%s", Status.parseFrom(ended.getStatus())).isEqualTo(reason);
      assertThat(ended.getFailedAt()).isEqualTo(failedAt);
      assertThat(node.enclaves.running()).isZero();
      assertThat(node.resultFiles()).isEmpty();
    }
  }

  private static Reason reason(Job job) throws InvalidProtocolBufferException {
    return Statuses.fromStatus(Status.parseFrom(job.getStatus())).reason();
  }

  @Test
  void anEnclaveThatCrashesEndsTheJobEverywhere() throws Exception {
    // The other must not stumble over the broken channel first, and so be blamed.
    a.enclaves.script(FakeShim::hang);
    b.enclaves.script(shim -> {
      shim.start();
      throw new IllegalStateException("crash");
    });
    failsEverywhere(a.submit("x"), Reason.ENCLAVE_CRASHED, "b");
  }

  @Test
  void anEnclaveThatHitsItsMemoryLimitSaysSo() throws Exception {
    a.enclaves.script(FakeShim::hang);
    b.enclaves.script(shim -> {
      shim.start();
      throw new FakeEnclaves.MemoryLimitReached();
    });
    failsEverywhere(a.submit("x"), Reason.MEMORY_LIMIT, "b");
  }

  @Test
  void whatAnEnclaveReportsReachesEveryParty() throws Exception {
    b.enclaves.script(FakeShim::hang);
    a.enclaves.script(shim -> {
      shim.start();
      shim.fail(Statuses.toStatus(new RefusedException(Reason.APP_FAILED, "no")).toByteString());
    });
    failsEverywhere(b.submit("x"), Reason.APP_FAILED, "a");
  }

  @Test
  void anEnclaveThatCertifiesWhatIsNotItsOwnEndsTheJob() throws Exception {
    a.enclaves.script(FakeShim::hang);
    b.enclaves.script(shim -> {
      shim.start();
      shim.certify("a", ByteString.copyFromUtf8("sealed"));
      shim.hang();
    });
    failsEverywhere(a.submit("x"), Reason.PEER_PROTOCOL_BROKEN, "b");
  }

  @Test
  void anEnclaveThatCertifiesTwiceEndsTheJob() throws Exception {
    a.enclaves.script(FakeShim::hang);
    b.enclaves.script(shim -> {
      shim.start();
      shim.certify("b", ByteString.copyFromUtf8("sealed"));
      shim.certify("b", ByteString.copyFromUtf8("again"));
      shim.hang();
    });
    failsEverywhere(a.submit("x"), Reason.PEER_PROTOCOL_BROKEN, "b");
  }

  @Test
  void aHangingEnclaveIsKilledAtTheTimeout() throws Exception {
    b.enclaves.script(FakeShim::hang);
    Job job =
        a.jobs(Role.ANALYST, "ann")
            .createJob(
                consortium.request("x").toBuilder()
                    .setTimeout(com.google.protobuf.Duration.newBuilder().setSeconds(2))
                    .build())
            .getJob();
    for (TestNode node : consortium.nodes.values()) {
      Job ended = node.awaitEnd(job.getJobId());
      assertThat(reason(ended)).isEqualTo(Reason.TIMEOUT);
      assertThat(node.enclaves.running()).isZero();
    }
  }

  @Test
  void aCancelledJobIsCancelledEverywhere() throws Exception {
    b.enclaves.script(FakeShim::hang);
    Job job = a.submit("x");
    await().until(() -> b.enclaves.running() == 1);
    var unused =
        a.jobs(Role.ANALYST, "ann")
            .cancelJob(
                CancelJobRequest.newBuilder()
                    .setJobId(job.getJobId())
                    .setReason("changed my mind")
                    .build());
    for (TestNode node : consortium.nodes.values()) {
      Job ended = node.awaitEnd(job.getJobId());
      assertThat(ended.getState()).isEqualTo(JobState.JOB_STATE_CANCELLED);
      assertThat(Status.parseFrom(ended.getStatus()).getMessage())
          .contains("a/analyst/ann", "changed my mind");
      assertThat(node.enclaves.running()).isZero();
    }
  }

  @Test
  void anOtherPartysOperatorMayCancelToo() throws Exception {
    b.enclaves.script(FakeShim::hang);
    Job job = a.submit("x");
    await().until(() -> b.enclaves.running() == 1);
    var unused =
        b.jobs(Role.OPERATOR, "ops")
            .cancelJob(CancelJobRequest.newBuilder().setJobId(job.getJobId()).build());
    assertThat(a.awaitEnd(job.getJobId()).getState()).isEqualTo(JobState.JOB_STATE_CANCELLED);
    assertThat(a.get(job.getJobId()).getFailedAt()).isEqualTo("b");
  }

  @Test
  void aVanishedPeerEndsTheJob() throws Exception {
    b.enclaves.script(FakeShim::hang);
    Job job = a.submit("x");
    await().until(() -> b.enclaves.running() == 1);
    b.stop();
    assertThat(a.awaitEnd(job.getJobId()).getState()).isEqualTo(JobState.JOB_STATE_FAILED);
    assertThat(a.get(job.getJobId()).getFailedAt()).isEqualTo("b");
    assertThat(a.enclaves.running()).isZero();
    b.start();
  }

  @Test
  void theFirstJobAfterARestartOfTheOtherNodeWaitsForIt() throws Exception {
    assertThat(a.awaitEnd(a.submit("before").getJobId()).getState())
        .isEqualTo(JobState.JOB_STATE_SUCCEEDED);
    b.stop();
    // By now its channel has been refused: gRPC itself would fail every call for a while.
    Job failed = a.awaitEnd(a.submit("down").getJobId());
    assertThat(reason(failed)).isEqualTo(Reason.PEER_UNAVAILABLE);
    assertThat(failed.getFailedAt()).isEqualTo("b");
    Job waits = a.submit("while it comes up");
    b.start();
    assertThat(a.awaitEnd(waits.getJobId()).getState()).isEqualTo(JobState.JOB_STATE_SUCCEEDED);
  }

  @Test
  void theFirstJobAfterARestartOfTheBrokerWaitsForIt() throws Exception {
    consortium.broker.stop();
    assertThatThrownBy(() -> a.submit("down"))
        .isInstanceOfSatisfying(
            StatusRuntimeException.class,
            e -> assertThat(failure(e).reason()).isEqualTo(Reason.BROKER_UNAVAILABLE));
    consortium.broker.startAgain();
    assertThat(a.awaitEnd(a.submit("up again").getJobId()).getState())
        .isEqualTo(JobState.JOB_STATE_SUCCEEDED);
  }

  @Test
  void oneRequestIdMakesOneJobAlsoAfterARestart() throws Exception {
    Job first = a.submit("same");
    assertThat(a.submit("same").getJobId()).isEqualTo(first.getJobId());
    assertThat(a.awaitEnd(first.getJobId()).getState()).isEqualTo(JobState.JOB_STATE_SUCCEEDED);
    a.stop();
    a.start();
    await()
        .atMost(Duration.ofSeconds(20))
        .ignoreExceptions()
        .untilAsserted(() -> assertThat(a.submit("same").getJobId()).isEqualTo(first.getJobId()));
    assertThat(a.get(first.getJobId()).getResultsList()).hasSize(1);
    assertThat(consortium.broker.jobs()).containsExactly(first.getJobId());
    assertThatThrownBy(() ->
            a.jobs(Role.ANALYST, "ann")
                .createJob(
                    consortium.request("same").toBuilder()
                        .putParameters("since", "2025-01-01")
                        .build()))
        .isInstanceOfSatisfying(
            StatusRuntimeException.class,
            e -> assertThat(failure(e).reason()).isEqualTo(Reason.REQUEST_ID_REUSED));
  }

  @Test
  void aRestartedNodeSaysThatItsRunningJobsHaveFailed() throws Exception {
    b.enclaves.script(FakeShim::hang);
    Job job = a.submit("x");
    await().until(() -> a.enclaves.launched() == 1 && b.enclaves.running() == 1);
    a.stop();
    a.start();
    assertThat(reason(a.awaitEnd(job.getJobId()))).isEqualTo(Reason.NODE_RESTARTED);
    assertThat(b.awaitEnd(job.getJobId()).getState()).isEqualTo(JobState.JOB_STATE_FAILED);
  }

  @Test
  void anEnclaveMayNotSpeakForAnotherJob() throws Exception {
    a.enclaves.script(shim -> {
      shim.start();
      shim.send(
          ShimFrame.newBuilder()
              .setRequest(
                  Request.newBuilder()
                      .setId(1)
                      .setCreateChallenge(
                          CreateChallengeRequest.newBuilder()
                              .setJobId("00000000000000000000000000000000")
                              .setParty("a")
                              .build()
                              .toByteString()))
              .build());
      HostFrame reply = shim.next(HostFrame.FrameCase.REPLY).message();
      shim.fail(reply.getReply().getStatus());
    });
    failsEverywhere(a.submit("x"), Reason.PEER_PROTOCOL_BROKEN, "a");
  }

  @Test
  void anEnclaveMayNotSendWhatIsNotItsOwn() throws Exception {
    b.enclaves.script(shim -> {
      shim.start();
      shim.openChannel("a", "dataset/b");
      shim.hang();
    });
    failsEverywhere(a.submit("x"), Reason.PEER_PROTOCOL_BROKEN, "b");
  }

  @Test
  void aFrameOfFourGigabytesEndsTheJobAndTakesNoMemory() throws Exception {
    b.enclaves.script(shim -> {
      shim.start();
      shim.rawLength(0xffff_ffff);
      Thread.sleep(10_000);
    });
    failsEverywhere(a.submit("x"), Reason.SIZE_LIMIT, "b");
  }

  @Test
  void aResultThatIsNotTheReceiptsFailsTheJob() throws Exception {
    b.enclaves.script(shim -> {
      shim.start();
      shim.writeResult("summary", new byte[] {1, 2, 3});
      shim.succeed(
          shim.finish(
              JobReport.newBuilder()
                  .setJobId(shim.job().jobId())
                  .setParty("b")
                  .setJobSha256(shim.job().digest().value())
                  .build()));
    });
    a.enclaves.script(shim -> {
      shim.start();
      shim.succeed(ByteString.EMPTY);
    });
    failsEverywhere(a.submit("x"), Reason.INVALID_RESULT, "b");
  }

  @Test
  void aStrangerOnTheDataPortIsCutOff() throws Exception {
    try (Socket socket = new Socket("127.0.0.1", b.dataPort)) {
      socket.setSoTimeout(8000);
      OutputStream out = socket.getOutputStream();
      InputStream in = socket.getInputStream();
      out.write(new byte[32]);
      assertThat(in.read()).isEqualTo(-1);
    }
  }

  @Test
  void aCallerThatDripsBytesIsCutOffInTime() throws Exception {
    long start = System.nanoTime();
    try (Socket socket = new Socket()) {
      socket.connect(new InetSocketAddress("127.0.0.1", b.dataPort));
      socket.setSoTimeout(500);
      boolean open = true;
      for (int i = 0; i < 24 && open; i++) {
        try {
          socket.getOutputStream().write(1);
          open = socket.getInputStream().read() >= 0;
        } catch (java.net.SocketTimeoutException e) {
          open = true;
        } catch (java.io.IOException e) {
          open = false;
        }
      }
      assertThat(open).isFalse();
    }
    assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(10));
  }

  @Test
  void aTokenIsGoodOnceAndForItsJobOnly() throws Exception {
    b.enclaves.script(FakeShim::hang);
    a.enclaves.script(FakeShim::hang);
    Job job = a.submit("x");
    await().until(() -> b.enclaves.running() == 1);
    var stub = PeerServiceGrpc.newBlockingStub(a.asNode("b"));
    var token =
        stub.openChannel(
            OpenChannelRequest.newBuilder()
                .setJobId(job.getJobId())
                .setStream("dataset/a")
                .build());
    assertThat(present(token.getToken())).isEqualTo(1);
    assertThat(present(token.getToken())).isEqualTo(-1);
    for (String stream : new String[] {"dataset/a", "dataset/b", "other"}) {
      assertThatThrownBy(() ->
              stub.openChannel(
                  OpenChannelRequest.newBuilder()
                      .setJobId(job.getJobId())
                      .setStream(stream)
                      .build()))
          .isInstanceOfSatisfying(
              StatusRuntimeException.class,
              e -> assertThat(failure(e).reason()).isEqualTo(Reason.PEER_PROTOCOL_BROKEN));
    }
  }

  private int present(ByteString token) throws Exception {
    try (Socket socket = new Socket("127.0.0.1", b.dataPort)) {
      socket.setSoTimeout(8000);
      ByteBuffer bytes = ByteBuffer.wrap(token.toByteArray());
      socket.getOutputStream().write(bytes.array());
      return socket.getInputStream().read();
    }
  }

  @Test
  void anAgreementThatIsHaltedOrNotActiveIsRefusedBeforeAnythingStarts() {
    consortium.broker.put(consortium.agreement, AgreementState.AGREEMENT_STATE_HALTED);
    assertThatThrownBy(() -> a.submit("x"))
        .isInstanceOfSatisfying(
            StatusRuntimeException.class,
            e -> assertThat(failure(e).reason()).isEqualTo(Reason.AGREEMENT_HALTED));
    consortium.broker.put(consortium.agreement, AgreementState.AGREEMENT_STATE_PROPOSED);
    assertThatThrownBy(() -> a.submit("x"))
        .isInstanceOfSatisfying(
            StatusRuntimeException.class,
            e -> assertThat(failure(e).reason()).isEqualTo(Reason.AGREEMENT_NOT_ACTIVE));
    assertThat(a.enclaves.launched()).isZero();
  }

  private static ParleyException failure(StatusRuntimeException e) {
    return GrpcStatuses.fromGrpc(e, Reason.INTERNAL);
  }
}
