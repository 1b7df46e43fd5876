package io.parley.peer;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.parley.identity.Role;
import io.parley.peer.TestConsortium.TestNode;
import io.parley.peer.testing.FakeShim;
import io.parley.proto.enclave.v1.HostFrame;
import io.parley.proto.peer.v1.Job;
import io.parley.proto.peer.v1.JobState;
import io.parley.proto.peer.v1.ReadResultRequest;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A job from submission to result, at all of its parties. */
class JobLifeTest {
  @TempDir Path root;

  @ParameterizedTest
  @ValueSource(strings = {"handed", "relay"})
  void twoPartiesGetTheSameSealedResult(String mode) throws Exception {
    try (TestConsortium consortium = new TestConsortium(root, mode, "a", "b")) {
      runsEverywhere(consortium, "a");
    }
  }

  /** A relay's threads race with the start of its call; once is not enough to see who wins. */
  @Test
  void relayedJobsRunOneAfterAnother() throws Exception {
    try (TestConsortium consortium = new TestConsortium(root, "relay", "a", "b")) {
      for (int i = 0; i < 25; i++) {
        Job job = consortium.node("a").submit("job " + i);
        assertThat(consortium.node("a").awaitEnd(job.getJobId()).getState())
            .isEqualTo(JobState.JOB_STATE_SUCCEEDED);
      }
    }
  }

  @Test
  void threePartiesGetTheSameSealedResultWhoeverSubmits() throws Exception {
    try (TestConsortium consortium = new TestConsortium(root, "handed", "a", "b", "c")) {
      runsEverywhere(consortium, "a");
      runsEverywhere(consortium, "c");
    }
  }

  @Test
  void whatAnEnclaveCertifiedIsHandedToTheNextOneAlsoAfterARestart() throws Exception {
    ByteString certificate = ByteString.copyFromUtf8("sealed");
    List<ByteString> handed = new CopyOnWriteArrayList<>();
    try (TestConsortium consortium = new TestConsortium(root, "handed", "a", "b")) {
      TestNode a = consortium.node("a");
      a.enclaves.script(shim -> {
        FakeShim.Frame source = shim.next(HostFrame.FrameCase.DATASET_SOURCE);
        handed.add(source.message().getDatasetSource().getCertificate());
        shim.certify("a", certificate);
        shim.sendTo("b", "a", FakeShim.readAll(FakeShim.descriptor(source)));
        shim.succeed(ByteString.EMPTY);
      });
      for (int i = 0; i < 3; i++) {
        Job job = a.submit("job " + i);
        assertThat(a.awaitEnd(job.getJobId()).getState()).isEqualTo(JobState.JOB_STATE_SUCCEEDED);
        if (i == 1) {
          a.stop();
          a.start();
        }
      }
    }
    assertThat(handed).containsExactly(ByteString.EMPTY, certificate, certificate);
  }

  private static void runsEverywhere(TestConsortium consortium, String submitter) {
    Job job = consortium.node(submitter).submit("first");
    for (TestNode node : consortium.nodes.values()) {
      Job ended = node.awaitEnd(job.getJobId());
      assertThat(ended.getState()).as("%s", ended).isEqualTo(JobState.JOB_STATE_SUCCEEDED);
      assertThat(ended.getResultsList()).hasSize(1);
      assertThat(ended.hasReceipt()).isTrue();
      assertThat(TestConsortium.text(read(node, job.getJobId(), 0))).startsWith("summary:a=");
      assertThat(TestConsortium.text(read(node, job.getJobId(), 8))).startsWith("a=");
      assertThat(node.enclaves.running()).isZero();
    }
  }

  private static ByteString read(TestNode node, String jobId, long offset) {
    ByteString all = ByteString.EMPTY;
    var pieces =
        node.jobs(Role.OPERATOR, "ops")
            .readResult(
                ReadResultRequest.newBuilder()
                    .setJobId(jobId)
                    .setResult("summary")
                    .setOffset(offset)
                    .build());
    while (pieces.hasNext()) {
      all = all.concat(pieces.next().getChunk());
    }
    return all;
  }
}
