package io.parley.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import com.google.protobuf.ByteString;
import io.grpc.ManagedChannel;
import io.parley.agreement.Agreement;
import io.parley.agreement.DsseEnvelope;
import io.parley.agreement.JobSpec;
import io.parley.agreement.Party;
import io.parley.agreement.SignedAgreement;
import io.parley.broker.config.KeysConfig;
import io.parley.broker.store.FaultPoints;
import io.parley.identity.Role;
import io.parley.identity.TlsIdentity;
import io.parley.proto.broker.v1.AgreementServiceGrpc;
import io.parley.proto.broker.v1.AgreementServiceGrpc.AgreementServiceBlockingStub;
import io.parley.proto.broker.v1.CreateChallengeRequest;
import io.parley.proto.broker.v1.CreateJobRequest;
import io.parley.proto.broker.v1.Decision;
import io.parley.proto.broker.v1.KeyServiceGrpc;
import io.parley.proto.broker.v1.KeyServiceGrpc.KeyServiceBlockingStub;
import io.parley.proto.broker.v1.ListDecisionsRequest;
import io.parley.proto.broker.v1.LogServiceGrpc;
import io.parley.proto.broker.v1.LogServiceGrpc.LogServiceBlockingStub;
import io.parley.proto.broker.v1.MembershipServiceGrpc;
import io.parley.proto.broker.v1.MembershipServiceGrpc.MembershipServiceBlockingStub;
import io.parley.proto.broker.v1.PresentCheckpointRequest;
import io.parley.proto.broker.v1.ProposeAgreementRequest;
import io.parley.proto.broker.v1.UpdateMembershipRequest;
import io.parley.transport.Channels;
import io.parley.transport.ExpectedServer;
import io.parley.transport.MutualTls;
import io.parley.wire.Digest;
import io.parley.wire.ParleyException;
import io.parley.wire.Reason;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;

/** A whole broker on loopback with a consortium around it, and clients of every party and role. */
public final class TestBroker implements AutoCloseable {
  private static final SecureRandom RANDOM = new SecureRandom();
  private static final String BROKER = "keys";

  private final BrokerHome home;
  private final MutableTime time;
  private final TestConsortium consortium;
  private final Map<String, ManagedChannel> channels = new ConcurrentHashMap<>();
  private final FaultPoints faults;
  private RunningBroker running;

  private TestBroker(
      BrokerHome home, MutableTime time, TestConsortium consortium, FaultPoints faults) {
    this.faults = faults;
    this.home = home;
    this.time = time;
    this.consortium = consortium;
    this.running = run();
    present();
  }

  /** Makes and starts one in a new folder. */
  public static TestBroker start(Path folder) throws IOException {
    MutableTime time = new MutableTime(Instant.now());
    TestConsortium consortium = create(folder, time, "127.0.0.1:0");
    return new TestBroker(new BrokerHome(folder), time, consortium, FaultPoints.NONE);
  }

  /** The same, with somebody who is told how far it comes. */
  static TestBroker startWith(Path folder, FaultPoints faults) throws IOException {
    MutableTime time = new MutableTime(Instant.now());
    TestConsortium consortium = create(folder, time, "127.0.0.1:0");
    return new TestBroker(new BrokerHome(folder), time, consortium, faults);
  }

  /** The same at this time, with another broker.yaml. */
  static TestBroker start(Path folder, Instant now, UnaryOperator<String> yaml) throws IOException {
    MutableTime time = new MutableTime(now);
    TestConsortium consortium = create(folder, time, "127.0.0.1:0");
    Path file = folder.resolve("broker.yaml");
    Files.writeString(file, yaml.apply(Files.readString(file)));
    return new TestBroker(new BrokerHome(folder), time, consortium, FaultPoints.NONE);
  }

  /** The same with another broker.yaml. */
  public static TestBroker start(Path folder, UnaryOperator<String> yaml) throws IOException {
    return start(folder, Instant.now(), yaml);
  }

  /** Gives the party's name to somebody else, and tells the broker. */
  public void giveAway(String party) {
    ManagedChannel node = channel(TestConsortium.HOSPITAL, Role.OPERATOR);
    consortium.giveAway(party);
    var _ =
        MembershipServiceGrpc.newBlockingStub(node)
            .withDeadlineAfter(20, TimeUnit.SECONDS)
            .updateMembership(
                UpdateMembershipRequest.newBuilder()
                    .addAllChain(
                        consortium.chain().envelopes().stream().map(DsseEnvelope::toProto).toList())
                    .build());
    channels
        .entrySet()
        .removeIf(entry -> {
          boolean old = entry.getKey().startsWith(party + "/");
          if (old) {
            entry.getValue().shutdownNow();
          }
          return old;
        });
    present(party);
  }

  /** Makes one, and the consortium around it. */
  public static TestConsortium create(Path folder, MutableTime time, String listen)
      throws IOException {
    BrokerHome home = new BrokerHome(folder);
    var identity = home.create(BROKER, listen, "consortium", new KeysConfig.File(), time, RANDOM);
    TestConsortium consortium = new TestConsortium(time, identity.broker("127.0.0.1:1"));
    consortium.write(folder.resolve("consortium"));
    return consortium;
  }

  public MutableTime time() {
    return time;
  }

  public TestConsortium consortium() {
    return consortium;
  }

  public BrokerHome home() {
    return home;
  }

  /** Stops it and starts it again from its folder, as after a crash or an update. */
  public void restart() {
    restartUnwitnessed();
    present();
  }

  /** The same, and no witness comes. */
  public void restartUnwitnessed() {
    close();
    running = run();
  }

  private RunningBroker run() {
    return new BrokerWiring(time, time::nanoTime, RANDOM, faults).start(home.folder());
  }

  public AgreementServiceBlockingStub agreements(String party) {
    return agreements(party, Role.OPERATOR);
  }

  public AgreementServiceBlockingStub agreements(String party, Role role) {
    return AgreementServiceGrpc.newBlockingStub(channel(party, role))
        .withDeadlineAfter(20, TimeUnit.SECONDS);
  }

  public KeyServiceBlockingStub keys(String party) {
    return keys(party, Role.NODE);
  }

  public KeyServiceBlockingStub keys(String party, Role role) {
    return KeyServiceGrpc.newBlockingStub(channel(party, role))
        .withDeadlineAfter(20, TimeUnit.SECONDS);
  }

  public MembershipServiceBlockingStub members(String party) {
    return MembershipServiceGrpc.newBlockingStub(channel(party, Role.OPERATOR))
        .withDeadlineAfter(20, TimeUnit.SECONDS);
  }

  public LogServiceBlockingStub log(String party) {
    return log(party, Role.ANALYST);
  }

  public LogServiceBlockingStub log(String party, Role role) {
    return LogServiceGrpc.newBlockingStub(channel(party, role))
        .withDeadlineAfter(20, TimeUnit.SECONDS);
  }

  /** What every party's witness does after a start: here, one that has cosigned nothing. */
  public void present() {
    consortium.chain().current().names().forEach(this::present);
  }

  /** The same of one party. */
  public void present(String party) {
    var _ = log(party, Role.NODE).presentCheckpoint(PresentCheckpointRequest.getDefaultInstance());
  }

  /** What the party reads in the log. */
  public List<Decision> decisions(String party) {
    return log(party)
        .listDecisions(ListDecisionsRequest.newBuilder().setPageSize(1000).build())
        .getDecisionsList();
  }

  public ManagedChannel channel(String party, Role role) {
    return channels.computeIfAbsent(
        party + "/" + role, key -> open(consortium.certificate(party, role)));
  }

  /** A channel that shows this certificate, whoever issued it. */
  public ManagedChannel open(TlsIdentity certificate) {
    return open(running.address(), certificate, consortium, time);
  }

  /** A channel of a member's to a broker at this address. */
  public static ManagedChannel open(
      String address, TlsIdentity certificate, TestConsortium consortium, MutableTime time) {
    return Channels.open(
        address,
        new MutualTls(time),
        certificate,
        new ExpectedServer.TheBroker(() -> consortium.chain().current()));
  }

  /** Proposes it and lets all sign. */
  public SignedAgreement activate(Agreement agreement) {
    SignedAgreement signed =
        consortium.sign(
            agreement, agreement.parties().stream().map(Party::name).toArray(String[]::new));
    agreements(TestConsortium.HOSPITAL)
        .proposeAgreement(
            ProposeAgreementRequest.newBuilder().setEnvelope(signed.envelope().toProto()).build());
    return signed;
  }

  /** An active agreement with room for this many jobs. */
  public SignedAgreement activate(int maxJobs) {
    return activate(consortium.agreement("wards", maxJobs));
  }

  /** A fresh request for a job of the agreement. */
  public static CreateJobRequest job(SignedAgreement signed) {
    String jobId = JobSpec.newJobId(Instant.now(), RANDOM);
    return CreateJobRequest.newBuilder()
        .setRequestId("request-" + jobId)
        .setJobId(jobId)
        .setAgreementSha256(signed.digest().value())
        .setJobSha256(Digest.of(ByteString.copyFromUtf8(jobId)).value())
        .build();
  }

  /** A job that the insurer started. */
  public CreateJobRequest startJob(SignedAgreement signed) {
    CreateJobRequest job = job(signed);
    keys(TestConsortium.INSURER).createJob(job);
    return job;
  }

  /** An enclave that is right for the job at this party. */
  public FakeEnclave enclave(SignedAgreement signed, CreateJobRequest job, String party) {
    return FakeEnclave.right(
        signed,
        party,
        job.getJobId(),
        new Digest(job.getJobSha256()),
        consortium.party(party).node().platformKey());
  }

  /** A fresh nonce. */
  public ByteString challenge(CreateJobRequest job, String party) {
    return keys(party)
        .createChallenge(
            CreateChallengeRequest.newBuilder().setJobId(job.getJobId()).setParty(party).build())
        .getNonce();
  }

  /** The call must be refused with this reason; returns how. */
  public static ParleyException refused(Reason reason, ThrowingCallable call) {
    Throwable thrown = catchThrowable(call);
    assertThat(thrown).as("a refusal with %s", reason).isNotNull();
    ParleyException refusal =
        thrown instanceof ParleyException own
            ? own
            : Channels.failure(thrown, Reason.BROKER_UNAVAILABLE);
    assertThat(refusal.reason()).as("%s", refusal.getMessage()).isEqualTo(reason);
    return refusal;
  }

  @Override
  public void close() {
    channels.values().forEach(ManagedChannel::shutdownNow);
    channels.clear();
    running.close();
  }
}
