package io.parley.peer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.grpc.StatusRuntimeException;
import io.parley.identity.Role;
import io.parley.peer.TestConsortium.TestNode;
import io.parley.proto.peer.v1.JobState;
import io.parley.proto.peer.v1.ReadResultRequest;
import io.parley.transport.GrpcStatuses;
import io.parley.wire.Reason;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Sealed results are deleted after their time, and whoever asks then is told so. */
class ResultExpiryTest {
  @TempDir Path root;
  private TestConsortium consortium;
  private TestNode a;
  private TestNode b;
  private String jobId;

  @BeforeEach
  void runOneJob() throws Exception {
    consortium = new TestConsortium(root, "handed", "a", "b");
    a = consortium.node("a");
    b = consortium.node("b");
    b.stop();
    b.extraConfig = "results: {keep: 1h}";
    b.start();
    jobId = b.submit("x").getJobId();
    for (TestNode node : consortium.nodes.values()) {
      assertThat(node.awaitEnd(jobId).getState()).isEqualTo(JobState.JOB_STATE_SUCCEEDED);
    }
  }

  @AfterEach
  void stop() throws Exception {
    consortium.close();
  }

  @Test
  void itIsKeptUntilThenAndGoneAfterwards() {
    b.ahead = Duration.ofMinutes(50);
    b.sweep();
    assertThat(b.get(jobId).getState()).isEqualTo(JobState.JOB_STATE_SUCCEEDED);
    assertThat(read(b)).isPositive();

    b.ahead = Duration.ofMinutes(61);
    // Also before anybody has swept.
    assertExpired(b);
    b.sweep();
    assertThat(b.get(jobId).getState()).isEqualTo(JobState.JOB_STATE_EXPIRED);
    assertThat(b.resultFiles()).isEmpty();
    assertExpired(b);

    assertThat(a.get(jobId).getState()).isEqualTo(JobState.JOB_STATE_SUCCEEDED);
    assertThat(read(a)).isPositive();
  }

  @Test
  void whatExpiredBeforeARestartStaysExpired() {
    b.ahead = Duration.ofMinutes(61);
    b.sweep();
    b.stop();
    b.start();
    awaitExpired();
  }

  @Test
  void whatExpiresWhileTheNodeIsDownIsDeletedWhenItIsUp() {
    b.stop();
    b.ahead = Duration.ofMinutes(61);
    assertThat(b.resultFiles()).isNotEmpty();
    b.start();
    awaitExpired();
  }

  private void awaitExpired() {
    await()
        .atMost(Duration.ofSeconds(30))
        .ignoreExceptions()
        .until(() -> b.get(jobId).getState() == JobState.JOB_STATE_EXPIRED);
    assertThat(b.resultFiles()).isEmpty();
    assertExpired(b);
  }

  private void assertExpired(TestNode node) {
    assertThatThrownBy(() -> read(node))
        .isInstanceOfSatisfying(
            StatusRuntimeException.class,
            e ->
                assertThat(GrpcStatuses.fromGrpc(e, Reason.INTERNAL).reason())
                    .isEqualTo(Reason.RESULT_EXPIRED));
  }

  private long read(TestNode node) {
    long size = 0;
    var pieces =
        node.jobs(Role.OPERATOR, "ops")
            .readResult(
                ReadResultRequest.newBuilder().setJobId(jobId).setResult("summary").build());
    while (pieces.hasNext()) {
      size += pieces.next().getChunk().size();
    }
    return size;
  }
}
