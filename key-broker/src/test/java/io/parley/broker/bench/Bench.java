package io.parley.broker.bench;

import static io.parley.broker.TestConsortium.HOSPITAL;
import static io.parley.broker.TestConsortium.INSURER;

import io.grpc.ManagedChannel;
import io.parley.agreement.Agreement;
import io.parley.agreement.Column;
import io.parley.agreement.ColumnType;
import io.parley.agreement.Dataset;
import io.parley.agreement.Environment;
import io.parley.agreement.SignedAgreement;
import io.parley.agreement.platform.PlatformPolicy;
import io.parley.broker.BrokerProcess;
import io.parley.broker.FakeEnclave;
import io.parley.broker.MutableTime;
import io.parley.broker.TestBroker;
import io.parley.broker.TestConsortium;
import io.parley.evidence.Evidence;
import io.parley.identity.Role;
import io.parley.proto.broker.v1.AgreementServiceGrpc;
import io.parley.proto.broker.v1.CreateJobRequest;
import io.parley.proto.broker.v1.KeyServiceGrpc;
import io.parley.proto.broker.v1.KeyServiceGrpc.KeyServiceBlockingStub;
import io.parley.proto.broker.v1.LogServiceGrpc;
import io.parley.proto.broker.v1.PresentCheckpointRequest;
import io.parley.proto.broker.v1.ProposeAgreementRequest;
import io.parley.wire.Digest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;

/**
 * A broker's process with an agreement that accepts every kind, and two parties that ask it. Its
 * limits are those of a new broker.yaml but for one: each of two parties may have all 256 askers.
 */
final class Bench implements AutoCloseable {
  private static final Duration END_MAX = Duration.ofSeconds(30);
  private static final int CONNECTIONS_PER_PARTY = 2;
  private static final int MAX_JOBS = 10_000_000;

  private final MutableTime time = new MutableTime(Instant.now());
  private final Vendors vendors = new Vendors(time.instant());
  private final TestConsortium consortium;
  private final SignedAgreement signed;
  private final BrokerProcess process;
  private final Map<String, List<ManagedChannel>> channels = new HashMap<>();

  /**
   * Starts the broker; it has the agreement and is witnessed when this returns.
   *
   * @param flags of the broker's JVM
   */
  Bench(Path scratch, List<String> flags) throws IOException {
    Path home = scratch.resolve("broker");
    consortium = TestBroker.create(home, time, "127.0.0.1:0");
    Path config = home.resolve("broker.yaml");
    Files.writeString(
        config, Files.readString(config).replace("calls_per_party: 128", "calls_per_party: 256"));
    signed = consortium.sign(agreement(), HOSPITAL, INSURER);
    process = BrokerProcess.start(home, scratch, flags);
    String address = process.address();
    for (String party : List.of(HOSPITAL, INSURER)) {
      List<ManagedChannel> open = new ArrayList<>();
      for (int i = 0; i < CONNECTIONS_PER_PARTY; i++) {
        open.add(open(address, party, Role.NODE));
      }
      channels.put(party, open);
      var _ =
          LogServiceGrpc.newBlockingStub(open.getFirst())
              .presentCheckpoint(PresentCheckpointRequest.getDefaultInstance());
    }
    propose(address);
  }

  private void propose(String address) {
    ManagedChannel operator = open(address, HOSPITAL, Role.OPERATOR);
    try {
      var _ =
          AgreementServiceGrpc.newBlockingStub(operator)
              .proposeAgreement(
                  ProposeAgreementRequest.newBuilder()
                      .setEnvelope(signed.envelope().toProto())
                      .build());
    } finally {
      operator.shutdownNow();
    }
  }

  private ManagedChannel open(String address, String party, Role role) {
    return TestBroker.open(address, consortium.certificate(party, role), consortium, time);
  }

  /** One dataset: each enclave gets its key and the one of the job's channels. */
  private Agreement agreement() {
    Agreement plain = consortium.agreement("grants", MAX_JOBS);
    Environment environment = plain.environment();
    List<PlatformPolicy> policies = vendors.policies();
    List<String> kinds = new ArrayList<>(List.of(Evidence.SIMULATED));
    policies.forEach(policy -> kinds.add(policy.kind()));
    return new Agreement(
        plain.name(),
        plain.parties(),
        plain.broker(),
        plain.app(),
        List.of(
            new Dataset(
                "admissions",
                HOSPITAL,
                List.of(new Column("patient", ColumnType.BIGINT, false)),
                List.of(INSURER))),
        plain.compute(),
        plain.results(),
        new Environment(
            kinds,
            policies,
            environment.shim(),
            environment.tests(),
            environment.isolation(),
            environment.hpke()),
        plain.terms(),
        plain.parameters());
  }

  /** Counts one more job and makes its two enclaves. Not measured. */
  List<Asker> askers(String kind, int number) {
    CreateJobRequest job = TestBroker.job(signed);
    var _ = stub(INSURER, number).createJob(job);
    return List.of(asker(kind, HOSPITAL, job, number), asker(kind, INSURER, job, number));
  }

  private Asker asker(String kind, String party, CreateJobRequest job, int number) {
    FakeEnclave enclave =
        FakeEnclave.right(
            signed,
            party,
            job.getJobId(),
            new Digest(job.getJobSha256()),
            consortium.party(party).node().platformKey());
    return new Asker(kind, enclave, stub(party, number), vendors);
  }

  private KeyServiceBlockingStub stub(String party, int number) {
    List<ManagedChannel> open = Objects.requireNonNull(channels.get(party), party);
    return KeyServiceGrpc.newBlockingStub(open.get(number % open.size()))
        .withDeadlineAfter(60, TimeUnit.SECONDS);
  }

  Vendors vendors() {
    return vendors;
  }

  /** Of the broker, of all its threads, since its start. */
  Duration processorTime() {
    return ProcessHandle.of(process.pid()).orElseThrow().info().totalCpuDuration().orElseThrow();
  }

  @Override
  public void close() throws IOException, InterruptedException {
    channels.values().forEach(open -> open.forEach(ManagedChannel::shutdownNow));
    // In order, so that whatever watches its JVM can say what it saw.
    process.closeStdin();
    var _ = process.exitCode(END_MAX);
    process.close();
  }
}
