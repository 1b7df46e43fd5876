package io.parley.peer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.rpc.Status;
import io.grpc.stub.StreamObserver;
import io.parley.agreement.JobSpec;
import io.parley.peer.TestConsortium.TestNode;
import io.parley.proto.peer.v1.Job;
import io.parley.proto.peer.v1.JobProgress;
import io.parley.proto.peer.v1.JobState;
import io.parley.proto.peer.v1.JoinJob;
import io.parley.proto.peer.v1.PeerServiceGrpc;
import io.parley.proto.peer.v1.RunJobRequest;
import io.parley.proto.peer.v1.RunJobResponse;
import io.parley.wire.Reason;
import io.parley.wire.Statuses;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A party that has others join its jobs, gives signs of life, and never starts one. */
class CrookedSubmitterTest {
  @TempDir Path root;
  private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor();
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
    timer.shutdownNow();
    consortium.close();
  }

  /** One job of a's at b that goes no further than its joining. */
  private final class Held implements StreamObserver<RunJobResponse> {
    private final List<RunJobResponse> heard = new CopyOnWriteArrayList<>();
    private final JobSpec spec =
        new JobSpec(
            JobSpec.newJobId(consortium.clock.instant(), consortium.random),
            consortium.agreement.digest(),
            "a",
            consortium.clock.instant(),
            Map.of("since", "2026-01-01"));

    Held() {
      StreamObserver<RunJobRequest> out = PeerServiceGrpc.newStub(a.asNode("b")).runJob(this);
      out.onNext(
          RunJobRequest.newBuilder()
              .setJoin(
                  JoinJob.newBuilder()
                      .setJobSpec(spec.encode())
                      .setTimeoutMs(Duration.ofHours(24).toMillis()))
              .build());
      RunJobRequest alive =
          RunJobRequest.newBuilder()
              .setProgress(JobProgress.newBuilder().setParty("a").setPhase("launch"))
              .build();
      var unused =
          timer.scheduleAtFixedRate(() -> out.onNext(alive), 300, 300, TimeUnit.MILLISECONDS);
    }

    @Override
    public void onNext(RunJobResponse response) {
      heard.add(response);
    }

    @Override
    public void onError(Throwable failure) {}

    @Override
    public void onCompleted() {}

    Held joined() {
      await()
          .atMost(Duration.ofSeconds(30))
          .until(() -> heard.stream().anyMatch(RunJobResponse::hasJoined));
      return this;
    }

    Reason refusal() throws Exception {
      await()
          .atMost(Duration.ofSeconds(30))
          .until(() -> heard.stream().anyMatch(RunJobResponse::hasEnd));
      return Statuses.fromStatus(Status.parseFrom(heard.getLast().getEnd().getStatus())).reason();
    }
  }

  @Test
  void holdsItsShareOfTheSlotsAndNoMore() throws Exception {
    Held first = new Held().joined();
    Held second = new Held().joined();
    assertThat(new Held().refusal()).isEqualTo(Reason.TOO_MANY);

    Job own = b.awaitEnd(b.submit("own").getJobId());
    assertThat(own.getState()).as("%s", own).isEqualTo(JobState.JOB_STATE_SUCCEEDED);
    assertThat(List.of(first, second))
        .allSatisfy(held ->
            assertThat(b.get(held.spec.jobId()).getState())
                .isEqualTo(JobState.JOB_STATE_PENDING_APPROVAL));
  }

  @Test
  void losesASlotThatItDoesNotUse() throws Exception {
    b.stop();
    b.extraConfig = "limits: {jobs: 1, start_within: 1s}";
    b.start();
    for (int i = 0; i < 2; i++) {
      Held held = new Held().joined();
      assertThat(held.refusal()).isEqualTo(Reason.TIMEOUT);
      Job ended = b.awaitEnd(held.spec.jobId());
      assertThat(ended.getState()).isEqualTo(JobState.JOB_STATE_FAILED);
      assertThat(ended.getFailedAt()).isEqualTo("a");
    }
    assertThat(b.enclaves.launched()).isZero();
  }
}
