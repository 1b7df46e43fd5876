package io.parley.peer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import io.parley.identity.Role;
import io.parley.peer.TestConsortium.TestNode;
import io.parley.peer.config.NodeConfig.RemoteEnclave;
import io.parley.peer.enclaves.remote.EnclaveClient;
import io.parley.peer.enclaves.remote.RemoteLauncher;
import io.parley.peer.testing.FakeEnclaves;
import io.parley.peer.testing.FakeShim;
import io.parley.peer.testing.TestEnclaveServer;
import io.parley.proto.peer.v1.CancelJobRequest;
import io.parley.proto.peer.v1.Job;
import io.parley.proto.peer.v1.JobState;
import io.parley.proto.peer.v1.ReadResultRequest;
import io.parley.wire.Reason;
import io.parley.wire.Statuses;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Jobs whose enclaves are behind enclave servers: everything else is as it always is. */
@Timeout(value = 240, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
@SuppressWarnings("NullAway.Init") // each test says how its consortium isolates
class RemoteJobTest {
  private static final Duration AT_MOST = Duration.ofSeconds(60);
  private static final long MEMORY_BYTES = 8L << 30;

  @TempDir Path root;
  private final List<AutoCloseable> open = new ArrayList<>();
  private TestConsortium consortium;

  @AfterEach
  void stop() throws Exception {
    for (AutoCloseable part : open.reversed()) {
      part.close();
    }
  }

  private void consortium(String mode) throws IOException {
    consortium = new TestConsortium(root, mode, "a", "b");
    open.add(consortium);
  }

  /** This party's enclaves run behind a server from now on. */
  private TestEnclaveServer remote(TestNode node, FakeEnclaves inside) {
    node.stop();
    TestEnclaveServer server =
        new TestEnclaveServer(
            root.resolve("vm-" + node.party),
            node.identity,
            inside,
            TestEnclaveServer.config(MEMORY_BYTES, 4));
    open.add(server);
    RemoteLauncher launcher = server.launcher(node.identity.node());
    open.add(launcher);
    node.remote = launcher;
    node.start();
    return server;
  }

  private void remote(TestNode node, RemoteEnclave at) {
    node.stop();
    RemoteLauncher launcher =
        new RemoteLauncher(
            new EnclaveClient(at, node.identity.node(), consortium.tls), TestEnclaveServer.KIND);
    open.add(launcher);
    node.remote = launcher;
    node.start();
  }

  private static Reason reason(Job job) throws Exception {
    return Statuses.fromStatus(com.google.rpc.Status.parseFrom(job.getStatus())).reason();
  }

  private static String result(TestNode node, String jobId) {
    ByteString all = ByteString.EMPTY;
    var pieces =
        node.jobs(Role.OPERATOR, "ops")
            .readResult(
                ReadResultRequest.newBuilder().setJobId(jobId).setResult("summary").build());
    while (pieces.hasNext()) {
      all = all.concat(pieces.next().getChunk());
    }
    return all.toStringUtf8();
  }

  @ParameterizedTest
  @CsvSource({
    "handed, true, false", "handed, false, true", "handed, true, true",
    "relay, true, false", "relay, false, true", "relay, true, true"
  })
  void jobsEndAsTheyDoWithLocalEnclaves(String mode, boolean sender, boolean computing)
      throws Exception {
    consortium(mode);
    TestNode a = consortium.node("a");
    TestNode b = consortium.node("b");
    String local = result(b, ended(a.submit("local"), b).getJobId());
    List<FakeEnclaves> inside = List.of(enclaves(), enclaves());
    if (sender) {
      remote(a, inside.getFirst());
    }
    if (computing) {
      remote(b, inside.getLast());
    }
    for (int i = 0; i < 3; i++) {
      Job job = ended(a.submit("remote " + i), b);
      for (TestNode node : List.of(a, b)) {
        assertThat(node.awaitEnd(job.getJobId()).hasReceipt()).isTrue();
        assertThat(result(node, job.getJobId())).isEqualTo(local);
      }
    }
    assertThat(inside.getFirst().launched()).isEqualTo(sender ? 3 : 0);
    assertThat(inside.getLast().launched()).isEqualTo(computing ? 3 : 0);
    inside.forEach(enclaves -> assertThat(enclaves.running()).isZero());
  }

  private static FakeEnclaves enclaves() {
    return new FakeEnclaves(FakeShim::doItsPart);
  }

  private static Job ended(Job job, TestNode at) {
    Job ended = at.awaitEnd(job.getJobId());
    assertThat(ended.getState()).as("%s", ended).isEqualTo(JobState.JOB_STATE_SUCCEEDED);
    return ended;
  }

  @Test
  void twoJobsRunOnOneServerAtOnce() throws Exception {
    consortium("handed");
    FakeEnclaves inside = enclaves();
    remote(consortium.node("b"), inside);
    Job first = consortium.node("a").submit("first");
    Job second = consortium.node("a").submit("second");
    ended(first, consortium.node("b"));
    ended(second, consortium.node("b"));
    assertThat(inside.launched()).isEqualTo(2);
    assertThat(inside.running()).isZero();
  }

  @Test
  void aCancelledJobEndsTheEnclaveInTheVm() throws Exception {
    consortium("handed");
    FakeEnclaves inside = new FakeEnclaves(FakeShim::hang);
    remote(consortium.node("b"), inside);
    TestNode a = consortium.node("a");
    a.enclaves.script(FakeShim::hang);
    Job job = a.submit("to be cancelled");
    await().atMost(AT_MOST).until(() -> inside.running() == 1);
    var unused =
        a.jobs(Role.OPERATOR, "ops")
            .cancelJob(CancelJobRequest.newBuilder().setJobId(job.getJobId()).build());
    assertThat(a.awaitEnd(job.getJobId()).getState()).isEqualTo(JobState.JOB_STATE_CANCELLED);
    await().atMost(AT_MOST).until(() -> inside.running() == 0);
  }

  @Test
  void theEnclavesOwnRefusalReachesBothParties() throws Exception {
    consortium("handed");
    FakeEnclaves inside =
        new FakeEnclaves(shim -> {
          shim.start();
          shim.fail(
              Statuses.toStatus(
                      new io.parley.wire.RefusedException(Reason.OUTPUT_RULE, "too small a group"))
                  .toByteString());
        });
    remote(consortium.node("b"), inside);
    Job job = consortium.node("a").submit("refused");
    for (TestNode node : consortium.nodes.values()) {
      Job ended = node.awaitEnd(job.getJobId());
      assertThat(reason(ended)).isEqualTo(Reason.OUTPUT_RULE);
      assertThat(ended.getFailedAt()).isEqualTo("b");
    }
  }

  @Test
  void aServerThatNobodyStartedFailsTheJobAndSaysSo() throws Exception {
    consortium("handed");
    TestNode b = consortium.node("b");
    consortium.node("a").enclaves.script(FakeShim::hang);
    TestEnclaveServer server = remote(b, enclaves());
    server.close();
    Job job = consortium.node("a").submit("nobody there");
    for (TestNode node : consortium.nodes.values()) {
      Job ended = node.awaitEnd(job.getJobId());
      assertThat(ended.getState()).isEqualTo(JobState.JOB_STATE_FAILED);
      assertThat(ended.getFailedAt()).isEqualTo("b");
      assertThat(reason(ended)).isEqualTo(Reason.ENCLAVE_UNAVAILABLE);
    }
  }

  @ParameterizedTest
  @CsvSource({"KILL", "STOP"})
  void aServerThatDiesOrStandsStillInTheMiddleOfAJobFailsItAtBoth(String signal) throws Exception {
    consortium("handed");
    TestNode a = consortium.node("a");
    TestNode b = consortium.node("b");
    a.enclaves.script(FakeShim::hang);
    try (EnclaveServerProcess process =
        new EnclaveServerProcess(root.resolve("vm"), b.home.resolve("identity"))) {
      RemoteEnclave at = TestEnclaveServer.remote(process.port());
      remote(b, at);
      Job job = a.submit("in the middle");
      EnclaveClient client = new EnclaveClient(at, b.identity.node(), consortium.tls);
      await().atMost(AT_MOST).until(() -> client.info().enclavesRunning() == 1);
      process.signal(signal);
      for (TestNode node : List.of(a, b)) {
        Job ended = node.awaitEnd(job.getJobId());
        assertThat(ended.getState()).isEqualTo(JobState.JOB_STATE_FAILED);
        assertThat(ended.getFailedAt()).isEqualTo("b");
        assertThat(reason(ended)).isEqualTo(Reason.ENCLAVE_UNAVAILABLE);
      }
      assertThat(a.enclaves.running()).isZero();
      assertThat(b.resultFiles()).isEmpty();
    }
  }

  @ParameterizedTest
  @CsvSource({"KILL", "STOP"})
  void aNodeThatDiesOrStandsStillLeavesNothingInItsVm(String signal) throws Exception {
    consortium("handed");
    TestNode a = consortium.node("a");
    TestNode b = consortium.node("b");
    a.enclaves.script(FakeShim::hang);
    FakeEnclaves inside = new FakeEnclaves(FakeShim::hang);
    TestEnclaveServer server = remote(b, inside);
    b.stop();
    b.extraConfig =
        "enclave: {remote: {address: \"127.0.0.1:%d\", name: %s}}"
            .formatted(server.port(), TestEnclaveServer.NAME);
    try (NodeProcess process =
        new NodeProcess(root, b.yaml(), b.home, b.state, consortium.membership)) {
      int[] tries = {0};
      await()
          .atMost(Duration.ofSeconds(120))
          .ignoreExceptions()
          .until(() -> {
            if (inside.running() == 0) {
              a.submit("try " + tries[0]++);
            }
            await().atMost(Duration.ofSeconds(5)).until(() -> inside.running() == 1);
            return true;
          });
      process.signal(signal);
      await().atMost(AT_MOST).until(() -> inside.running() == 0);
    }
    EnclaveClient client = server.client(b.identity.node());
    await().atMost(AT_MOST).until(() -> client.info().freeMemoryBytes() == MEMORY_BYTES);
  }
}
