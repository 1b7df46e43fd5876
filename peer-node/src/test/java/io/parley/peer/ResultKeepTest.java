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
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** For how long nodes hold sealed results, where the agreement says so. */
class ResultKeepTest {
  private static final Duration AT_MOST = Duration.ofSeconds(60);

  /** More than what waits between a node and a client that does not read. */
  private static final int LARGE = 16 << 20;

  @TempDir Path root;
  private TestConsortium consortium;
  private TestNode a;
  private TestNode b;
  private String jobId;

  private void run(Keep keep) throws Exception {
    run(keep, "");
  }

  /**
   * @param config of a's node, beside the usual
   */
  private void run(Keep keep, String config) throws Exception {
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

  @AfterEach
  void stop() throws Exception {
    consortium.close();
  }

  @Test
  void whatMayNotBeKeptIsReadOnceByEachRecipient() throws Exception {
    run(Keep.UNTIL_READ);
    assertThat(read(a, 0)).isEqualTo(LARGE);
    awaitGone(a);

    // The other recipient's is its own.
    assertThat(b.resultFiles()).hasSize(1);
    // Its node had what it came for, and gets it no second time.
    assertExpired(this::fetchAgain);
    assertThat(read(b, 0)).isEqualTo(LARGE);
    awaitGone(b);
    assertExpired(this::fetchAgain);
  }

  @Test
  void whatWasReadStaysGoneAfterARestart() throws Exception {
    run(Keep.UNTIL_READ);
    assertThat(read(a, 0)).isEqualTo(LARGE);
    awaitGone(a);
    a.stop();
    a.start();
    awaitGone(a);
    b.stop();
    b.start();
    assertExpired(this::fetchAgain);
    assertThat(read(b, 0)).isEqualTo(LARGE);
  }

  @Test
  void whoStopsInTheMiddleGoesOnOrBeginsAgain() throws Exception {
    run(Keep.UNTIL_READ);
    Context.CancellableContext half = Context.current().withCancellation();
    half.run(() -> assertThat(pieces(a, 0).hasNext()).isTrue());
    half.cancel(null);
    assertThat(read(a, LARGE / 2)).isEqualTo(LARGE / 2);
    awaitGone(a);
  }

  @Test
  void aNodeThatIsKilledWhileSomebodyReadsStillHasIt() throws Exception {
    run(Keep.UNTIL_READ);
    a.stop();
    try (NodeProcess process =
        new NodeProcess(root, a.yaml(), a.home, a.state, consortium.membership)) {
      await().atMost(AT_MOST).ignoreExceptions().until(() -> a.get(jobId).getResultsCount() == 1);
      Iterator<ReadResultResponse> pieces = pieces(a, 0);
      assertThat(pieces.next().getChunk().size()).isPositive();
      process.signal("KILL");
      assertThatThrownBy(() -> pieces.forEachRemaining(piece -> {}))
          .isInstanceOf(StatusRuntimeException.class);
    }
    a.start();
    await().atMost(AT_MOST).ignoreExceptions().until(() -> read(a, 0) == LARGE);
    awaitGone(a);
  }

  @Test
  void nobodyReadsItAndItExpiresAllTheSame() throws Exception {
    run(Keep.UNTIL_READ, "results: {keep: 1h}");
    a.ahead = Duration.ofMinutes(61);
    a.sweep();
    awaitGone(a);
  }

  @Test
  void afterItsTimeItIsGoneAtEveryNode() throws Exception {
    run(new Keep.AtMost(Duration.ofHours(1)));
    for (TestNode node : consortium.nodes.values()) {
      node.ahead = Duration.ofMinutes(59);
      node.sweep();
      assertThat(read(node, 0)).isEqualTo(LARGE);
      assertThat(read(node, 0)).isEqualTo(LARGE);
      node.ahead = Duration.ofMinutes(61);
      node.sweep();
      awaitGone(node);
    }
  }

  @Test
  void aNodeMayKeepItForLess() throws Exception {
    run(new Keep.AtMost(Duration.ofDays(30)), "results: {keep: 1h}");
    a.ahead = Duration.ofMinutes(61);
    b.ahead = Duration.ofMinutes(61);
    a.sweep();
    b.sweep();
    awaitGone(a);
    assertThat(read(b, 0)).isEqualTo(LARGE);
  }

  private void awaitGone(TestNode node) {
    // A node hears a moment after the reader that all has arrived.
    await()
        .atMost(AT_MOST)
        .ignoreExceptions()
        .until(() -> node.get(jobId).getState() == JobState.JOB_STATE_EXPIRED);
    assertThat(node.resultFiles()).isEmpty();
    assertExpired(() -> read(node, 0));
  }

  private static void assertExpired(ThrowingCallable read) {
    assertThatThrownBy(read)
        .isInstanceOfSatisfying(
            StatusRuntimeException.class,
            e ->
                assertThat(GrpcStatuses.fromGrpc(e, Reason.INTERNAL).reason())
                    .isEqualTo(Reason.RESULT_EXPIRED));
  }

  private void fetchAgain() {
    PeerServiceGrpc.newBlockingStub(a.asNode("b"))
        .fetchResult(FetchResultRequest.newBuilder().setJobId(jobId).setResult("summary").build())
        .forEachRemaining(piece -> {});
  }

  private Iterator<ReadResultResponse> pieces(TestNode node, long offset) {
    return node.jobs(Role.OPERATOR, "ops")
        .readResult(
            ReadResultRequest.newBuilder()
                .setJobId(jobId)
                .setResult("summary")
                .setOffset(offset)
                .build());
  }

  private long read(TestNode node, long offset) {
    long size = 0;
    for (Iterator<ReadResultResponse> all = pieces(node, offset); all.hasNext(); ) {
      size += all.next().getChunk().size();
    }
    return size;
  }
}
