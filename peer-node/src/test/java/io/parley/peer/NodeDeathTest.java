package io.parley.peer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.parley.peer.TestConsortium.TestNode;
import io.parley.peer.testing.FakeShim;
import io.parley.proto.peer.v1.Job;
import io.parley.proto.peer.v1.JobState;
import io.parley.wire.Reason;
import io.parley.wire.Statuses;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A node that dies, or is there and does nothing, as a process of its own. */
class NodeDeathTest {
  private static final Duration AT_MOST = Duration.ofSeconds(60);

  @TempDir Path root;
  private TestConsortium consortium;
  private TestNode a;
  private TestNode b;

  @BeforeEach
  void start() throws Exception {
    consortium = new TestConsortium(root, "handed", "a", "b");
    a = consortium.node("a");
    b = consortium.node("b");
    a.enclaves.script(FakeShim::hang);
    // The dataset is there, and the process takes it over.
    b.stop();
  }

  @AfterEach
  void stop() throws Exception {
    consortium.close();
  }

  private NodeProcess process() throws Exception {
    return new NodeProcess(root, b.yaml(), b.home, b.state, consortium.membership);
  }

  /** Submits, as often as it takes for a JVM to come up. */
  private Job running() {
    Job[] job = {Job.getDefaultInstance()};
    int[] tries = {0};
    await()
        .atMost(Duration.ofSeconds(120))
        .until(() -> {
          if (job[0].getJobId().isEmpty() || TestConsortium.ended(a.get(job[0].getJobId()))) {
            job[0] = a.submit("try " + tries[0]++);
          }
          return a.get(job[0].getJobId()).getState() == JobState.JOB_STATE_RUNNING
              && a.enclaves.running() == 1;
        });
    return job[0];
  }

  private void failedAtB(Job job) throws Exception {
    await().atMost(AT_MOST).until(() -> TestConsortium.ended(a.get(job.getJobId())));
    Job ended = a.get(job.getJobId());
    assertThat(ended.getState()).isEqualTo(JobState.JOB_STATE_FAILED);
    assertThat(ended.getFailedAt()).isEqualTo("b");
    assertThat(reason(ended)).isEqualTo(Reason.PEER_UNAVAILABLE);
    assertThat(a.enclaves.running()).isZero();
    assertThat(a.resultFiles()).isEmpty();
  }

  private static Reason reason(Job job) throws Exception {
    return Statuses.fromStatus(com.google.rpc.Status.parseFrom(job.getStatus())).reason();
  }

  @Test
  void aKilledNodeEndsTheJobAtTheOtherAndFindsItFailedWhenItIsBack() throws Exception {
    Job job;
    try (NodeProcess process = process()) {
      job = running();
      process.signal("KILL");
      failedAtB(job);
    }
    b.start();
    Job found = b.awaitEnd(job.getJobId());
    assertThat(found.getState()).isEqualTo(JobState.JOB_STATE_FAILED);
    assertThat(reason(found)).isEqualTo(Reason.NODE_RESTARTED);
    assertThat(b.resultFiles()).isEmpty();
  }

  /** Its connections stay open: silence and keepalive are all that tells. */
  @Test
  void aStoppedNodeEndsTheJobAtTheOtherAndFindsItFailedWhenItGoesOn() throws Exception {
    try (NodeProcess process = process()) {
      Job job = running();
      process.signal("STOP");
      failedAtB(job);
      process.signal("CONT");
      assertThat(b.awaitEnd(job.getJobId()).getState()).isEqualTo(JobState.JOB_STATE_FAILED);
    }
  }
}
