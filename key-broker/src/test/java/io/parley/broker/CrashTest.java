package io.parley.broker;

import static io.parley.broker.TestBroker.refused;
import static io.parley.broker.TestConsortium.HOSPITAL;
import static io.parley.broker.TestConsortium.INSURER;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import io.parley.agreement.SignedAgreement;
import io.parley.evidence.Evidence;
import io.parley.identity.Role;
import io.parley.proto.agreement.v1.Envelope;
import io.parley.proto.broker.v1.AgreementServiceGrpc;
import io.parley.proto.broker.v1.CreateChallengeRequest;
import io.parley.proto.broker.v1.CreateJobRequest;
import io.parley.proto.broker.v1.Decision;
import io.parley.proto.broker.v1.FinishJobRequest;
import io.parley.proto.broker.v1.GetAgreementRequest;
import io.parley.proto.broker.v1.JobReport;
import io.parley.proto.broker.v1.KeyServiceGrpc;
import io.parley.proto.broker.v1.KeyServiceGrpc.KeyServiceBlockingStub;
import io.parley.proto.broker.v1.ListDecisionsRequest;
import io.parley.proto.broker.v1.LogServiceGrpc;
import io.parley.proto.broker.v1.PresentCheckpointRequest;
import io.parley.proto.broker.v1.ProposeAgreementRequest;
import io.parley.proto.broker.v1.RequestKeysRequest;
import io.parley.transport.Channels;
import io.parley.wire.Digest;
import io.parley.wire.Reason;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * kill -9 at random moments, while jobs are counted and keys released. {@code
 * -Dparley.crash.rounds=N} kills more often, {@code -Dparley.crash.seed=S} at the same moments
 * again.
 */
class CrashTest {
  private static final int ROUNDS = Integer.getInteger("parley.crash.rounds", 3);
  private static final long SEED = Long.getLong("parley.crash.seed", System.nanoTime());
  private static final int WORKERS = 3;
  private static final int SAMPLE = 20;
  private static final int MAX_JOBS = 60 * ROUNDS;

  @TempDir Path folder;
  private final MutableTime time = new MutableTime(Instant.now());
  private final Random random = new Random(SEED);
  private TestConsortium consortium;
  private SignedAgreement signed;

  /** What was asked, and what was answered, over all rounds. */
  private final Queue<CreateJobRequest> asked = new ConcurrentLinkedQueue<>();

  private final Map<CreateJobRequest, Integer> counted = new ConcurrentHashMap<>();
  private final Queue<Evidence> granted = new ConcurrentLinkedQueue<>();
  private final Map<ByteString, FakeEnclave> unused = new ConcurrentHashMap<>();
  private final Map<FinishJobRequest, Envelope> receipts = new ConcurrentHashMap<>();
  private final AtomicInteger refusals = new AtomicInteger();

  @BeforeEach
  void create() throws Exception {
    consortium = TestBroker.create(folder.resolve("broker"), time, "127.0.0.1:0");
    signed = consortium.sign(consortium.agreement("wards", MAX_JOBS), HOSPITAL, INSURER);
  }

  @Test
  void nothingAcknowledgedIsLostAndNothingIsAcceptedTwice() throws Exception {
    System.err.println("crash seed " + SEED);
    for (int round = 0; round < ROUNDS; round++) {
      try (BrokerProcess process = BrokerProcess.start(folder.resolve("broker"), folder);
          Client client = new Client(process.address())) {
        client.present();
        client.propose();
        check(client);
        List<Thread> workers = new ArrayList<>();
        for (int i = 0; i < WORKERS; i++) {
          workers.add(Thread.ofPlatform().start(() -> work(client)));
        }
        // By progress, not by time: a slow machine must not make this test easy.
        int enough = granted.size() + 3 + random.nextInt(20);
        await().atMost(60, TimeUnit.SECONDS).until(() -> granted.size() >= enough);
        Thread.sleep(random.nextInt(20));
        process.kill();
        for (Thread worker : workers) {
          worker.join();
        }
      }
    }
    try (BrokerProcess process = BrokerProcess.start(folder.resolve("broker"), folder);
        Client client = new Client(process.address())) {
      client.present();
      check(client);
      exhaust(client);
      check(client);
    }
    assertThat(granted).as("the loop did some work; seed %d", SEED).isNotEmpty();
  }

  /** Until the broker is gone. */
  private void work(Client client) {
    try {
      while (true) {
        CreateJobRequest job = TestBroker.job(signed);
        if (asked.size() >= MAX_JOBS - WORKERS) {
          return;
        }
        asked.add(job);
        counted.put(job, client.keys().createJob(job).getJobsStarted());
        FakeEnclave enclave =
            FakeEnclave.right(
                signed,
                INSURER,
                job.getJobId(),
                new Digest(job.getJobSha256()),
                consortium.party(INSURER).node().platformKey());
        ByteString open = client.challenge(job);
        unused.put(open, enclave);
        Evidence evidence = enclave.evidence(client.challenge(job));
        client.request(evidence);
        granted.add(evidence);
        client.requestAgain(evidence);
        FinishJobRequest finish =
            enclave.finish(
                JobReport.newBuilder()
                    .setJobId(job.getJobId())
                    .setParty(INSURER)
                    .setJobSha256(job.getJobSha256())
                    .build());
        receipts.put(finish, client.keys().finishJob(finish).getReceipt());
      }
    } catch (StatusRuntimeException e) {
      // The kill; what was answered before it is in the lists.
    }
  }

  private void check(Client client) {
    // What was asked and not answered is asked again: it counts now, or had counted. Of what was
    // answered some is asked again too, and the answer must be the same.
    List<CreateJobRequest> again =
        new ArrayList<>(asked.stream().filter(job -> !counted.containsKey(job)).toList());
    again.addAll(counted.keySet().stream().limit(SAMPLE).toList());
    for (CreateJobRequest job : again) {
      int ordinal = client.keys().createJob(job).getJobsStarted();
      assertThat(counted.getOrDefault(job, ordinal)).as("seed %d", SEED).isEqualTo(ordinal);
      counted.put(job, ordinal);
    }
    assertThat(new HashSet<>(counted.values()))
        .as("each job has its own number; seed %d", SEED)
        .hasSameSizeAs(counted.values());
    assertThat(client.jobsStarted()).as("seed %d", SEED).isEqualTo(counted.size());
    granted.stream().limit(SAMPLE).forEach(client::requestAgain);
    unused.entrySet().stream()
        .limit(SAMPLE)
        .forEach(open -> client.requestAgain(open.getValue().evidence(open.getKey())));
    receipts.entrySet().stream()
        .limit(SAMPLE)
        .forEach(finished ->
            assertThat(client.keys().finishJob(finished.getKey()).getReceipt())
                .as("an acknowledged receipt stays what it is; seed %d", SEED)
                .isEqualTo(finished.getValue()));
    List<Decision> decisions = client.decisions();
    assertThat(decisions)
        .as("every refusal that was answered; seed %d", SEED)
        .filteredOn(it -> it.getReason().equals(Reason.CHALLENGE_UNKNOWN.name()))
        .hasSizeGreaterThanOrEqualTo(refusals.get());
    assertThat(decisions)
        .as("every receipt that was answered; seed %d", SEED)
        .filteredOn(it -> it.getAction().equals("receipt"))
        .hasSizeGreaterThanOrEqualTo(receipts.size());
    Set<String> recorded =
        decisions.stream()
            .filter(decision -> decision.getAction().equals("grant"))
            .map(Decision::getDetail)
            .collect(Collectors.toSet());
    for (Evidence evidence : granted) {
      assertThat(recorded)
          .as("seed %d", SEED)
          .anyMatch(detail -> detail.contains(evidence.digest().toString()));
    }
    unused.clear();
  }

  private void exhaust(Client client) {
    while (counted.size() < MAX_JOBS) {
      CreateJobRequest job = TestBroker.job(signed);
      asked.add(job);
      counted.put(job, client.keys().createJob(job).getJobsStarted());
    }
    refused(Reason.MAX_JOBS_REACHED, () -> client.keys().createJob(TestBroker.job(signed)));
  }

  /** A node and an operator of the insurer's. */
  private final class Client implements AutoCloseable {
    private final ManagedChannel node;
    private final ManagedChannel operator;

    Client(String address) {
      node = TestBroker.open(address, consortium.certificate(INSURER, Role.NODE), consortium, time);
      operator =
          TestBroker.open(
              address, consortium.certificate(INSURER, Role.OPERATOR), consortium, time);
    }

    KeyServiceBlockingStub keys() {
      return KeyServiceGrpc.newBlockingStub(node).withDeadlineAfter(30, TimeUnit.SECONDS);
    }

    void present() {
      var _ =
          LogServiceGrpc.newBlockingStub(node)
              .withDeadlineAfter(30, TimeUnit.SECONDS)
              .presentCheckpoint(PresentCheckpointRequest.getDefaultInstance());
    }

    void propose() {
      assertThat(
              AgreementServiceGrpc.newBlockingStub(operator)
                  .withDeadlineAfter(30, TimeUnit.SECONDS)
                  .proposeAgreement(
                      ProposeAgreementRequest.newBuilder()
                          .setEnvelope(signed.envelope().toProto())
                          .build())
                  .hasAgreement())
          .isTrue();
    }

    ByteString challenge(CreateJobRequest job) {
      return keys()
          .createChallenge(
              CreateChallengeRequest.newBuilder()
                  .setJobId(job.getJobId())
                  .setParty(INSURER)
                  .build())
          .getNonce();
    }

    void request(Evidence evidence) {
      assertThat(
              keys()
                  .requestKeys(
                      RequestKeysRequest.newBuilder().setEvidence(evidence.toMessage()).build())
                  .getGrant()
                  .isEmpty())
          .isFalse();
    }

    /** With a nonce that must be unknown by now. */
    void requestAgain(Evidence evidence) {
      try {
        request(evidence);
        throw new AssertionError("a nonce was accepted twice; seed " + SEED);
      } catch (StatusRuntimeException e) {
        if (Channels.failure(e, Reason.BROKER_UNAVAILABLE).reason() != Reason.CHALLENGE_UNKNOWN) {
          throw e;
        }
        refusals.incrementAndGet();
      }
    }

    int jobsStarted() {
      return AgreementServiceGrpc.newBlockingStub(operator)
          .getAgreement(
              GetAgreementRequest.newBuilder().setAgreementSha256(signed.digest().value()).build())
          .getAgreement()
          .getJobsStarted();
    }

    List<Decision> decisions() {
      List<Decision> all = new ArrayList<>();
      String token = "";
      do {
        var page =
            LogServiceGrpc.newBlockingStub(operator)
                .listDecisions(
                    ListDecisionsRequest.newBuilder()
                        .setPageSize(1000)
                        .setPageToken(token)
                        .build());
        all.addAll(page.getDecisionsList());
        token = page.getNextPageToken();
      } while (!token.isEmpty());
      return all;
    }

    @Override
    public void close() {
      node.shutdownNow();
      operator.shutdownNow();
    }
  }
}
