package io.parley.peer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.grpc.Context;
import io.grpc.StatusRuntimeException;
import io.parley.agreement.Keep;
import io.parley.identity.Role;
import io.parley.peer.TestConsortium.TestNode;
import io.parley.proto.peer.v1.FetchResultRequest;
import io.parley.proto.peer.v1.JobState;
import io.parley.proto.peer.v1.PeerServiceGrpc;
import io.parley.proto.peer.v1.ReadResultRequest;
import io.parley.proto.peer.v1.ReadResultResponse;
import io.parley.transport.GrpcStatuses;
import io.parley.wire.Reason;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Iterator;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** For how long nodes hold sealed results, where the agreement says so. */
class ResultKeepTest {
  private static final Duration AT_MOST = Duration.ofSeconds(60);

  /** More than what waits between a node and a client that does not read. */
  private static final int LARGE = 16 << 20;

  @TempDir Path root;

  /** One job that has succeeded, with large results at both of its parties. */
  private static final class Run implements AutoCloseable {
    final TestConsortium consortium;
    final TestNode a;
    final TestNode b;
    final String jobId;

    /**
     * @param config of a's node, beside the usual
     */
    Run(Path root, Keep keep, String config) throws Exception {
      consortium = new TestConsortium(root, "handed", keep, "a", "b");
      a = consortium.node("a");
      b = consortium.node("b");
      if (!config.isEmpty()) {
        a.stop();
        a.extraConfig = config;
        a.start();
      }
      b.enclaves.script(shim -> shim.doItsPart(LARGE));
      jobId = b.submit("x").getJobId();
      for (TestNode node : consortium.nodes.values()) {
        assertThat(node.awaitEnd(jobId).getState()).isEqualTo(JobState.JOB_STATE_SUCCEEDED);
      }
    }

    @Override
    public void close() throws Exception {
      consortium.close();
    }

    void awaitGone(TestNode node) {
      // A node hears a moment after the reader that all has arrived.
      await()
          .atMost(AT_MOST)
          .ignoreExceptions()
          .until(() -> node.get(jobId).getState() == JobState.JOB_STATE_EXPIRED);
      assertThat(node.resultFiles()).isEmpty();
      assertExpired(() -> read(node, 0));
    }

    void fetchAgain() {
      PeerServiceGrpc.newBlockingStub(a.asNode("b"))
          .fetchResult(FetchResultRequest.newBuilder().setJobId(jobId).setResult("summary").build())
          .forEachRemaining(piece -> {});
    }

    Iterator<ReadResultResponse> pieces(TestNode node, long offset) {
      return node.jobs(Role.OPERATOR, "ops")
          .readResult(
              ReadResultRequest.newBuilder()
                  .setJobId(jobId)
                  .setResult("summary")
                  .setOffset(offset)
                  .build());
    }

    long read(TestNode node, long offset) {
      long size = 0;
      for (Iterator<ReadResultResponse> all = pieces(node, offset); all.hasNext(); ) {
        size += all.next().getChunk().size();
      }
      return size;
    }
  }

  private static void assertExpired(ThrowingCallable read) {
    assertThatThrownBy(read)
        .isInstanceOfSatisfying(
            StatusRuntimeException.class,
            e ->
                assertThat(GrpcStatuses.fromGrpc(e, Reason.INTERNAL).reason())
                    .isEqualTo(Reason.RESULT_EXPIRED));
  }

  @Test
  void whatMayNotBeKeptIsReadOnceByEachRecipient() throws Exception {
    try (Run run = new Run(root, Keep.UNTIL_READ, "")) {
      assertThat(run.read(run.a, 0)).isEqualTo(LARGE);
      run.awaitGone(run.a);

      // The other recipient's is its own.
      assertThat(run.b.resultFiles()).hasSize(1);
      // Its node had what it came for, and gets it no second time.
      assertExpired(run::fetchAgain);
      assertThat(run.read(run.b, 0)).isEqualTo(LARGE);
      run.awaitGone(run.b);
      assertExpired(run::fetchAgain);
    }
  }

  @Test
  void whatWasReadStaysGoneAfterARestart() throws Exception {
    try (Run run = new Run(root, Keep.UNTIL_READ, "")) {
      assertThat(run.read(run.a, 0)).isEqualTo(LARGE);
      run.awaitGone(run.a);
      run.a.stop();
      run.a.start();
      run.awaitGone(run.a);
      run.b.stop();
      run.b.start();
      assertExpired(run::fetchAgain);
      assertThat(run.read(run.b, 0)).isEqualTo(LARGE);
    }
  }

  @Test
  void whoStopsInTheMiddleGoesOnOrBeginsAgain() throws Exception {
    try (Run run = new Run(root, Keep.UNTIL_READ, "")) {
      Context.CancellableContext half = Context.current().withCancellation();
      half.run(() -> assertThat(run.pieces(run.a, 0).hasNext()).isTrue());
      half.cancel(null);
      assertThat(run.read(run.a, LARGE / 2)).isEqualTo(LARGE / 2);
      run.awaitGone(run.a);
    }
  }

  @Test
  void aNodeThatIsKilledWhileSomebodyReadsStillHasIt() throws Exception {
    try (Run run = new Run(root, Keep.UNTIL_READ, "")) {
      run.a.stop();
      try (NodeProcess process =
          new NodeProcess(root, run.a.yaml(), run.a.home, run.a.state, run.consortium.membership)) {
        await()
            .atMost(AT_MOST)
            .ignoreExceptions()
            .until(() -> run.a.get(run.jobId).getResultsCount() == 1);
        Iterator<ReadResultResponse> pieces = run.pieces(run.a, 0);
        assertThat(pieces.next().getChunk().size()).isPositive();
        process.signal("KILL");
        assertThatThrownBy(() -> pieces.forEachRemaining(piece -> {}))
            .isInstanceOf(StatusRuntimeException.class);
      }
      run.a.start();
      await().atMost(AT_MOST).ignoreExceptions().until(() -> run.read(run.a, 0) == LARGE);
      run.awaitGone(run.a);
    }
  }

  @Test
  void nobodyReadsItAndItExpiresAllTheSame() throws Exception {
    try (Run run = new Run(root, Keep.UNTIL_READ, "results: {keep: 1h}")) {
      run.a.ahead = Duration.ofMinutes(61);
      run.a.sweep();
      run.awaitGone(run.a);
    }
  }

  @Test
  void afterItsTimeItIsGoneAtEveryNode() throws Exception {
    try (Run run = new Run(root, new Keep.AtMost(Duration.ofHours(1)), "")) {
      for (TestNode node : run.consortium.nodes.values()) {
        node.ahead = Duration.ofMinutes(59);
        node.sweep();
        assertThat(run.read(node, 0)).isEqualTo(LARGE);
        assertThat(run.read(node, 0)).isEqualTo(LARGE);
        node.ahead = Duration.ofMinutes(61);
        node.sweep();
        run.awaitGone(node);
      }
    }
  }

  @Test
  void aNodeMayKeepItForLess() throws Exception {
    try (Run run = new Run(root, new Keep.AtMost(Duration.ofDays(30)), "results: {keep: 1h}")) {
      run.a.ahead = Duration.ofMinutes(61);
      run.b.ahead = Duration.ofMinutes(61);
      run.a.sweep();
      run.b.sweep();
      run.awaitGone(run.a);
      assertThat(run.read(run.b, 0)).isEqualTo(LARGE);
    }
  }
}
