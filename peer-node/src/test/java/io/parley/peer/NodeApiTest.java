package io.parley.peer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.google.common.collect.Iterables;
import com.google.protobuf.ByteString;
import com.google.protobuf.Duration;
import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.reflection.v1.ServerReflectionGrpc;
import io.grpc.reflection.v1.ServerReflectionRequest;
import io.grpc.reflection.v1.ServerReflectionResponse;
import io.grpc.stub.StreamObserver;
import io.parley.identity.Role;
import io.parley.peer.TestConsortium.TestNode;
import io.parley.peer.cli.Captured;
import io.parley.peer.testing.FakeShim;
import io.parley.proto.peer.v1.AppServiceGrpc;
import io.parley.proto.peer.v1.CancelJobRequest;
import io.parley.proto.peer.v1.CreateJobRequest;
import io.parley.proto.peer.v1.DatasetServiceGrpc;
import io.parley.proto.peer.v1.FetchResultRequest;
import io.parley.proto.peer.v1.GetJobRequest;
import io.parley.proto.peer.v1.GetPeerRequest;
import io.parley.proto.peer.v1.Job;
import io.parley.proto.peer.v1.JobServiceGrpc;
import io.parley.proto.peer.v1.JobState;
import io.parley.proto.peer.v1.JoinJob;
import io.parley.proto.peer.v1.ListAppsRequest;
import io.parley.proto.peer.v1.ListDatasetsRequest;
import io.parley.proto.peer.v1.ListJobsRequest;
import io.parley.proto.peer.v1.ListJobsResponse;
import io.parley.proto.peer.v1.OpenChannelRequest;
import io.parley.proto.peer.v1.PeerServiceGrpc;
import io.parley.proto.peer.v1.ReadResultRequest;
import io.parley.proto.peer.v1.RemoveDatasetRequest;
import io.parley.proto.peer.v1.RunJobRequest;
import io.parley.proto.peer.v1.RunJobResponse;
import io.parley.transport.GrpcStatuses;
import io.parley.wire.Reason;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What clients and other nodes may ask of a node, and what they get for asking wrongly. */
class NodeApiTest {
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

  private static void refused(Reason reason, ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            StatusRuntimeException.class,
            e ->
                assertThat(GrpcStatuses.fromGrpc(e, Reason.INTERNAL).reason())
                    .as("%s", e.getStatus())
                    .isEqualTo(reason));
  }

  private Job succeeded(String requestId) {
    Job job = a.awaitEnd(a.submit(requestId).getJobId());
    assertThat(job.getState()).isEqualTo(JobState.JOB_STATE_SUCCEEDED);
    return job;
  }

  /** What the README's grpcurl line does: the same files, the same authority, the JDK's TLS. */
  @Test
  void aForeignClientReachesTheNodeWithTheFilesOfParleyIdentity() throws Exception {
    var unused =
        Captured.run(
                root,
                "--home",
                a.home.toString(),
                "identity",
                "issue",
                "--role",
                "analyst",
                "--name",
                "alice")
            .ok();
    ManagedChannel channel =
        NettyChannelBuilder.forAddress("127.0.0.1", a.port)
            .overrideAuthority("localhost")
            .sslContext(
                GrpcSslContexts.forClient()
                    .trustManager(a.home.resolve("identity/ca.crt").toFile())
                    .keyManager(
                        a.home.resolve("clients/alice.crt").toFile(),
                        a.home.resolve("clients/alice.key").toFile())
                    .build())
            .build();
    try {
      assertThat(
              HealthGrpc.newBlockingStub(channel)
                  .check(HealthCheckRequest.getDefaultInstance())
                  .getStatus())
          .isEqualTo(ServingStatus.SERVING);
      assertThat(services(channel))
          .contains(
              "parley.peer.v1.JobService",
              "parley.peer.v1.DatasetService",
              "parley.peer.v1.PeerService",
              "grpc.health.v1.Health");
      assertThat(
              JobServiceGrpc.newBlockingStub(channel)
                  .listJobs(ListJobsRequest.getDefaultInstance())
                  .getJobsList())
          .isEmpty();
    } finally {
      channel.shutdownNow();
    }
  }

  private static List<String> services(ManagedChannel channel) throws Exception {
    CompletableFuture<List<String>> names = new CompletableFuture<>();
    StreamObserver<ServerReflectionRequest> ask =
        ServerReflectionGrpc.newStub(channel)
            .serverReflectionInfo(
                new StreamObserver<>() {
                  @Override
                  public void onNext(ServerReflectionResponse answer) {
                    names.complete(
                        answer.getListServicesResponse().getServiceList().stream()
                            .map(s -> s.getName())
                            .toList());
                  }

                  @Override
                  public void onError(Throwable failure) {
                    names.completeExceptionally(failure);
                  }

                  @Override
                  public void onCompleted() {}
                });
    ask.onNext(ServerReflectionRequest.newBuilder().setListServices("").build());
    List<String> answer = names.get(20, TimeUnit.SECONDS);
    ask.onCompleted();
    return answer;
  }

  @Test
  void analystsReadAndOperatorsChange() {
    ManagedChannel analyst = a.channel(Role.ANALYST, "ann");
    assertThat(
            DatasetServiceGrpc.newBlockingStub(analyst)
                .listDatasets(ListDatasetsRequest.getDefaultInstance())
                .getDatasetsList())
        .hasSize(1);
    var unused =
        AppServiceGrpc.newBlockingStub(analyst).listApps(ListAppsRequest.getDefaultInstance());
    refused(
        Reason.ROLE_MISSING,
        () ->
            DatasetServiceGrpc.newBlockingStub(analyst)
                .removeDataset(RemoveDatasetRequest.newBuilder().setName("a").build()));
    refused(
        Reason.ROLE_MISSING,
        () ->
            PeerServiceGrpc.newBlockingStub(analyst).getPeer(GetPeerRequest.getDefaultInstance()));
    refused(
        Reason.ROLE_MISSING,
        () ->
            JobServiceGrpc.newBlockingStub(b.asNode("a"))
                .listJobs(ListJobsRequest.getDefaultInstance()));
    var removed =
        DatasetServiceGrpc.newBlockingStub(a.channel(Role.OPERATOR, "ops"))
            .removeDataset(RemoveDatasetRequest.newBuilder().setName("a").build());
    assertThat(removed).isNotNull();
  }

  @Test
  void analystsSeeTheirOwnJobsOnly() {
    Job job = succeeded("x");
    var other = a.jobs(Role.ANALYST, "bob");
    assertThat(other.listJobs(ListJobsRequest.getDefaultInstance()).getJobsList()).isEmpty();
    GetJobRequest get = GetJobRequest.newBuilder().setJobId(job.getJobId()).build();
    ReadResultRequest read =
        ReadResultRequest.newBuilder().setJobId(job.getJobId()).setResult("summary").build();
    refused(Reason.JOB_NOT_FOUND, () -> other.getJob(get));
    refused(Reason.JOB_NOT_FOUND, () -> other.readResult(read).next());
    refused(Reason.JOB_NOT_FOUND, () -> other.watchJob(watch(job)).next());
    refused(
        Reason.JOB_NOT_FOUND,
        () -> other.cancelJob(CancelJobRequest.newBuilder().setJobId(job.getJobId()).build()));
    // One of the same name at the other party is somebody else.
    refused(Reason.JOB_NOT_FOUND, () -> b.jobs(Role.ANALYST, "ann").getJob(get));
    assertThat(
            b.jobs(Role.ANALYST, "ann")
                .listJobs(ListJobsRequest.getDefaultInstance())
                .getJobsList())
        .isEmpty();
    assertThat(a.jobs(Role.ANALYST, "ann").getJob(get).getJob().getJobId())
        .isEqualTo(job.getJobId());
    assertThat(a.jobs(Role.OPERATOR, "ops").getJob(get).getJob().getJobId())
        .isEqualTo(job.getJobId());
  }

  private static io.parley.proto.peer.v1.WatchJobRequest watch(Job job) {
    return io.parley.proto.peer.v1.WatchJobRequest.newBuilder().setJobId(job.getJobId()).build();
  }

  @Test
  void validateOnlyStartsNothingAndKeepsTheRequestIdFree() {
    CreateJobRequest dry = consortium.request("x").toBuilder().setValidateOnly(true).build();
    assertThat(a.jobs(Role.ANALYST, "ann").createJob(dry).getJob().getAgreementName())
        .isEqualTo("test");
    refused(
        Reason.INVALID_PARAMETER,
        () ->
            a.jobs(Role.ANALYST, "ann")
                .createJob(dry.toBuilder().putParameters("since", "yesterday").build()));
    assertThat(
            a.jobs(Role.ANALYST, "ann")
                .listJobs(ListJobsRequest.getDefaultInstance())
                .getJobsList())
        .isEmpty();
    assertThat(consortium.broker.jobs()).isEmpty();
    Job job = succeeded("x");
    assertThat(consortium.broker.jobs()).containsExactly(job.getJobId());
  }

  @Test
  void theSameRequestIdOfAnotherClientIsAnotherJob() {
    Job first = succeeded("x");
    Job second = a.jobs(Role.ANALYST, "bob").createJob(consortium.request("x")).getJob();
    assertThat(second.getJobId()).isNotEqualTo(first.getJobId());
    refused(
        Reason.REQUEST_ID_REUSED,
        () ->
            a.jobs(Role.ANALYST, "ann")
                .createJob(
                    consortium.request("x").toBuilder()
                        .setTimeout(Duration.newBuilder().setSeconds(61))
                        .build()));
  }

  @Test
  void pagesCoverAllJobsOnceNewestFirst() {
    List<String> submitted = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      submitted.addFirst(succeeded("page " + i).getJobId());
    }
    var jobs = a.jobs(Role.ANALYST, "ann");
    List<String> seen = new ArrayList<>();
    String token = "";
    do {
      ListJobsResponse page =
          jobs.listJobs(ListJobsRequest.newBuilder().setPageSize(2).setPageToken(token).build());
      page.getJobsList().forEach(job -> seen.add(job.getJobId()));
      assertThat(page.getJobsCount()).isLessThanOrEqualTo(2);
      token = page.getNextPageToken();
    } while (!token.isEmpty());
    assertThat(seen).isEqualTo(submitted);
    for (int size : new int[] {-1, 1001, Integer.MAX_VALUE}) {
      refused(
          Reason.INVALID_REQUEST,
          () -> jobs.listJobs(ListJobsRequest.newBuilder().setPageSize(size).build()));
    }
    refused(
        Reason.JOB_NOT_FOUND,
        () -> jobs.listJobs(ListJobsRequest.newBuilder().setPageToken("nonsense").build()));
  }

  @Test
  void numbersAndTextsOutOfBoundsAreTheCallersFault() {
    var jobs = a.jobs(Role.ANALYST, "ann");
    for (long seconds : new long[] {Long.MAX_VALUE, Long.MIN_VALUE, 0, -1, 86_401}) {
      refused(
          Reason.INVALID_REQUEST,
          () ->
              jobs.createJob(
                  consortium.request("x").toBuilder()
                      .setTimeout(Duration.newBuilder().setSeconds(seconds))
                      .build()));
    }
    refused(Reason.INVALID_REQUEST, () -> jobs.createJob(consortium.request(" ")));
    refused(Reason.INVALID_REQUEST, () -> jobs.createJob(consortium.request("x".repeat(129))));
    // An error that quotes what was sent must still arrive.
    String huge = "\u20ac".repeat(1_000_000);
    refused(
        Reason.JOB_NOT_FOUND, () -> jobs.getJob(GetJobRequest.newBuilder().setJobId(huge).build()));
    var peer = PeerServiceGrpc.newBlockingStub(b.asNode("a"));
    refused(
        Reason.JOB_NOT_RUNNING,
        () ->
            peer.openChannel(
                OpenChannelRequest.newBuilder().setJobId(huge).setStream(huge).build()));
    refused(
        Reason.RESULT_NOT_FOUND,
        () ->
            peer.fetchResult(
                    FetchResultRequest.newBuilder().setJobId(huge).setResult("../x").build())
                .next());
  }

  @Test
  void resultsAreReadFromAnyOffsetAndNotBeyond() {
    Job job = succeeded("x");
    long size = job.getResults(0).getSizeBytes();
    ReadResultRequest.Builder read =
        ReadResultRequest.newBuilder().setJobId(job.getJobId()).setResult("summary");
    var jobs = a.jobs(Role.ANALYST, "ann");
    ByteString whole = jobs.readResult(read.build()).next().getChunk();
    assertThat((long) whole.size()).isEqualTo(size);
    for (int offset = 1; offset < size; offset += 3) {
      assertThat(jobs.readResult(read.setOffset(offset).build()).next().getChunk())
          .isEqualTo(whole.substring(offset));
    }
    assertThat(jobs.readResult(read.setOffset(size).build()).hasNext()).isFalse();
    for (long offset : new long[] {size + 1, -1, Long.MAX_VALUE}) {
      refused(Reason.INVALID_REQUEST, () -> jobs.readResult(read.setOffset(offset).build()).next());
    }
    refused(
        Reason.RESULT_NOT_FOUND,
        () -> jobs.readResult(read.setOffset(0).setResult("../../node.db").build()).next());
  }

  @Test
  void moreJobsThanTheLimitAreRefusedAtBothSidesAndRoomComesBack() {
    a.enclaves.script(FakeShim::hang);
    b.enclaves.script(FakeShim::hang);
    // Each node takes two jobs of the other party, and so has four.
    List<Job> ofA = List.of(a.submit("job 1"), a.submit("job 2"));
    List<Job> ofB = List.of(b.submit("job 3"), b.submit("job 4"));
    await().atMost(java.time.Duration.ofSeconds(30)).until(() -> b.enclaves.running() == 4);
    refused(Reason.TOO_MANY, () -> a.submit("one more"));
    refused(Reason.TOO_MANY, () -> b.submit("one more"));
    ofA.forEach(job -> cancel(a, job));
    ofB.forEach(job -> cancel(b, job));
    for (Job job : Iterables.concat(ofA, ofB)) {
      assertThat(a.awaitEnd(job.getJobId()).getState()).isEqualTo(JobState.JOB_STATE_CANCELLED);
      assertThat(b.awaitEnd(job.getJobId()).getState()).isEqualTo(JobState.JOB_STATE_CANCELLED);
    }
    a.enclaves.script(FakeShim::doItsPart);
    b.enclaves.script(FakeShim::doItsPart);
    assertThat(succeeded("after").getResultsCount()).isEqualTo(1);
  }

  private static void cancel(TestNode node, Job job) {
    var unused =
        node.jobs(Role.OPERATOR, "ops")
            .cancelJob(CancelJobRequest.newBuilder().setJobId(job.getJobId()).build());
  }

  @Test
  void aFloodOfWrongWishesToJoinLeavesRoomForAGoodJob() throws Exception {
    List<CompletableFuture<RunJobResponse>> answers = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      CompletableFuture<RunJobResponse> answer = new CompletableFuture<>();
      answers.add(answer);
      StreamObserver<RunJobRequest> out =
          PeerServiceGrpc.newStub(a.asNode("b")).runJob(first(answer));
      out.onNext(
          RunJobRequest.newBuilder()
              .setJoin(
                  JoinJob.newBuilder()
                      .setJobSpec(ByteString.copyFrom(new byte[100_000]))
                      .setTimeoutMs(Long.MAX_VALUE))
              .build());
    }
    for (CompletableFuture<RunJobResponse> answer : answers) {
      assertThat(answer.get(30, TimeUnit.SECONDS).getEnd().getState()).isEqualTo("FAILED");
    }
    assertThat(b.enclaves.launched()).isZero();
    assertThat(succeeded("good").getResultsCount()).isEqualTo(1);
  }

  private static StreamObserver<RunJobResponse> first(CompletableFuture<RunJobResponse> answer) {
    return new StreamObserver<>() {
      @Override
      public void onNext(RunJobResponse response) {
        answer.complete(response);
      }

      @Override
      public void onError(Throwable failure) {
        answer.completeExceptionally(failure);
      }

      @Override
      public void onCompleted() {
        answer.completeExceptionally(new IllegalStateException("ended without an answer"));
      }
    };
  }
}
