package io.parley.broker;

import static io.parley.broker.TestBroker.refused;
import static io.parley.broker.TestConsortium.HOSPITAL;
import static io.parley.broker.TestConsortium.INSURER;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.grpc.StatusRuntimeException;
import io.parley.agreement.Agreement;
import io.parley.agreement.SignedAgreement;
import io.parley.agreement.Terms;
import io.parley.agreement.Window;
import io.parley.identity.Role;
import io.parley.proto.broker.v1.AgreementRecord;
import io.parley.proto.broker.v1.AgreementServiceGrpc;
import io.parley.proto.broker.v1.CreateJobRequest;
import io.parley.proto.broker.v1.Decision;
import io.parley.proto.broker.v1.GetAgreementRequest;
import io.parley.proto.broker.v1.KeyServiceGrpc;
import io.parley.proto.broker.v1.LogServiceGrpc;
import io.parley.proto.broker.v1.PresentCheckpointRequest;
import io.parley.proto.broker.v1.ProposeAgreementRequest;
import io.parley.wire.ParleyException;
import io.parley.wire.Reason;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** When jobs may start and keys may go out, and how often in a day. */
class WindowTest {
  private static final Duration HOUR = Duration.ofHours(1);

  @TempDir Path folder;
  private TestBroker broker;

  /** Noon of the day after tomorrow, so that no certificate is too young for what a test does. */
  private Instant noon;

  @BeforeEach
  void start() throws Exception {
    broker = TestBroker.start(folder.resolve("broker"));
    noon =
        broker
            .time()
            .instant()
            .truncatedTo(ChronoUnit.DAYS)
            .plus(2, ChronoUnit.DAYS)
            .plus(12, ChronoUnit.HOURS);
    broker.time().set(noon);
  }

  @AfterEach
  void stop() {
    broker.close();
  }

  @Test
  void jobsStartWithinTheWindowOnly() {
    SignedAgreement signed = activate(new Window(noon, noon.plus(HOUR), 0));
    broker.time().set(noon.minusMillis(1));
    ParleyException early = refused(Reason.OUTSIDE_WINDOW, () -> start(signed));
    assertThat(early).hasMessageContaining("from " + noon);
    assertThat(get(signed).getRefusedNow()).isEqualTo("OUTSIDE_WINDOW");

    broker.time().set(noon);
    assertThat(get(signed).getRefusedNow()).isEmpty();
    start(signed);
    broker.time().set(noon.plus(HOUR).minusMillis(1));
    start(signed);

    broker.time().set(noon.plus(HOUR));
    ParleyException late = refused(Reason.OUTSIDE_WINDOW, () -> start(signed));
    assertThat(late).hasMessageContaining("before " + noon.plus(HOUR));
    assertThat(get(signed).getJobsStarted()).isEqualTo(2);
    assertThat(broker.decisions(HOSPITAL).getLast())
        .returns("refuse", Decision::getAction)
        .returns("OUTSIDE_WINDOW", Decision::getReason);
  }

  @Test
  void aJobOfTheWindowGetsNoKeysAfterIt() {
    SignedAgreement signed = activate(new Window(null, noon.plus(HOUR), 0));
    CreateJobRequest job = start(signed);
    FakeEnclave insurers = broker.enclave(signed, job, INSURER);
    FakeEnclave hospitals = broker.enclave(signed, job, HOSPITAL);
    ByteString nonce = broker.challenge(job, INSURER);
    ByteString open = broker.challenge(job, HOSPITAL);
    broker.keys(INSURER).requestKeys(insurers.request(nonce));

    broker.time().set(noon.plus(HOUR));
    refused(
        Reason.OUTSIDE_WINDOW, () -> broker.keys(HOSPITAL).requestKeys(hospitals.request(open)));
    refused(Reason.OUTSIDE_WINDOW, () -> broker.challenge(job, HOSPITAL));
    broker.restart();
    refused(Reason.OUTSIDE_WINDOW, () -> broker.challenge(job, HOSPITAL));
    assertThat(broker.decisions(HOSPITAL))
        .filteredOn(decision -> decision.getAction().equals("grant"))
        .hasSize(1);
  }

  @Test
  void keysOfAJobThatWasCountedWithAWrongClockWaitForTheWindow() {
    SignedAgreement signed = activate(new Window(noon, null, 0));
    CreateJobRequest job = start(signed);
    broker.time().set(noon.minus(HOUR));
    refused(Reason.OUTSIDE_WINDOW, () -> broker.challenge(job, HOSPITAL));
  }

  @Test
  void aDaysJobsAreCountedAlsoAcrossRestarts() {
    SignedAgreement signed = activate(new Window(null, null, 2));
    start(signed);
    broker.restart();
    start(signed);
    assertThat(get(signed))
        .returns(2, AgreementRecord::getJobsStartedToday)
        .returns("DAILY_JOBS_REACHED", AgreementRecord::getRefusedNow);
    refused(Reason.DAILY_JOBS_REACHED, () -> start(signed));
    broker.restart();
    refused(Reason.DAILY_JOBS_REACHED, () -> start(signed));
    assertThat(get(signed).getJobsStarted()).isEqualTo(2);
  }

  @Test
  void theDayEndsAtMidnightOfUtcAndAClockPutBackFindsItsJobsAgain() {
    SignedAgreement signed = activate(new Window(null, null, 1));
    Instant midnight = noon.plus(12, ChronoUnit.HOURS);
    broker.time().set(midnight.minusMillis(1));
    start(signed);
    refused(Reason.DAILY_JOBS_REACHED, () -> start(signed));

    broker.time().set(midnight);
    assertThat(get(signed).getJobsStartedToday()).isZero();
    start(signed);
    refused(Reason.DAILY_JOBS_REACHED, () -> start(signed));

    broker.time().set(midnight.minusMillis(1));
    refused(Reason.DAILY_JOBS_REACHED, () -> start(signed));
    broker.time().set(midnight.minus(24, ChronoUnit.HOURS));
    refused(Reason.DAILY_JOBS_REACHED, () -> start(signed));
    broker.restart();
    broker.time().set(midnight.plus(23, ChronoUnit.HOURS));
    refused(Reason.DAILY_JOBS_REACHED, () -> start(signed));
    broker.time().set(midnight.plus(24, ChronoUnit.HOURS));
    start(signed);
    assertThat(get(signed).getJobsStarted()).isEqualTo(3);
  }

  @Test
  void theSameRequestCountsOnceInADay() {
    SignedAgreement signed = activate(new Window(null, null, 1));
    CreateJobRequest job = start(signed);
    assertThat(broker.keys(INSURER).createJob(job).getJobsStarted()).isEqualTo(1);
    broker.time().set(noon.plus(12, ChronoUnit.HOURS));
    assertThat(broker.keys(INSURER).createJob(job).getJobsStarted()).isEqualTo(1);
    start(signed);
  }

  @Test
  void aDaysNumberTakesNothingFromAnotherAgreement() {
    SignedAgreement one = activate(new Window(null, null, 1));
    SignedAgreement two = activate(new Window(null, null, 2));
    start(one);
    start(two);
    start(two);
    refused(Reason.DAILY_JOBS_REACHED, () -> start(one));
    refused(Reason.DAILY_JOBS_REACHED, () -> start(two));
  }

  @Test
  void manyAtOnceNeverExceedTheDay() throws Exception {
    SignedAgreement signed = activate(new Window(null, null, 5));
    Callable<Boolean> call =
        () -> {
          try {
            start(signed);
            return true;
          } catch (StatusRuntimeException e) {
            return false;
          }
        };
    int counted = 0;
    try (var pool = Executors.newFixedThreadPool(8)) {
      for (Future<Boolean> one : pool.invokeAll(Stream.generate(() -> call).limit(24).toList())) {
        counted += one.get() ? 1 : 0;
      }
    }
    assertThat(counted).isEqualTo(5);
  }

  @Test
  void aKilledBrokerForgetsNoJobOfTheDay() throws Exception {
    Path home = folder.resolve("killed");
    MutableTime time = new MutableTime(Instant.now());
    TestConsortium consortium = TestBroker.create(home, time, "127.0.0.1:0");
    SignedAgreement signed =
        consortium.sign(
            windowed(consortium.agreement("wards", 1000), new Window(null, null, 150)),
            HOSPITAL,
            INSURER);
    Instant day = Instant.now().truncatedTo(ChronoUnit.DAYS);
    Map<String, Integer> answered = new ConcurrentHashMap<>();
    for (int round = 0; round < 3; round++) {
      try (BrokerProcess process = BrokerProcess.start(home, folder)) {
        var operator =
            TestBroker.open(
                process.address(),
                consortium.certificate(INSURER, Role.OPERATOR),
                consortium,
                time);
        var node =
            TestBroker.open(
                process.address(), consortium.certificate(INSURER, Role.NODE), consortium, time);
        try {
          var _ =
              LogServiceGrpc.newBlockingStub(node)
                  .presentCheckpoint(PresentCheckpointRequest.getDefaultInstance());
          propose(operator, signed);
          @Nullable Reason end =
              startUntilItEnds(node, signed, answered, round == 2 ? null : process);
          if (round == 2) {
            Assumptions.assumeTrue(
                day.equals(Instant.now().truncatedTo(ChronoUnit.DAYS)),
                "a new day began meanwhile");
            assertThat(end).isEqualTo(Reason.DAILY_JOBS_REACHED);
            int counted = record(operator, signed).getJobsStartedToday();
            assertThat(counted).isEqualTo(150);
            assertThat(answered).hasSizeLessThanOrEqualTo(counted);
          }
        } finally {
          operator.shutdownNow();
          node.shutdownNow();
        }
      }
    }
    Set<Integer> ordinals = new HashSet<>(answered.values());
    assertThat(ordinals)
        .as("each answered job has its own number")
        .hasSameSizeAs(answered.keySet());
  }

  /** Kills the process, when given, in the middle of a call. */
  private static @Nullable Reason startUntilItEnds(
      io.grpc.Channel node,
      SignedAgreement signed,
      Map<String, Integer> answered,
      @Nullable BrokerProcess victim)
      throws Exception {
    int enough = answered.size() + 30;
    try (var killer = Executors.newSingleThreadExecutor()) {
      while (true) {
        if (victim != null && answered.size() == enough) {
          var unused =
              killer.submit(() -> {
                victim.kill();
                return true;
              });
          enough = -1;
        }
        CreateJobRequest job = TestBroker.job(signed);
        answered.put(
            job.getJobId(),
            KeyServiceGrpc.newBlockingStub(node)
                .withDeadlineAfter(30, TimeUnit.SECONDS)
                .createJob(job)
                .getJobsStarted());
      }
    } catch (StatusRuntimeException e) {
      return io.parley.transport.Channels.failure(e, Reason.BROKER_UNAVAILABLE).reason();
    }
  }

  private static void propose(io.grpc.Channel operator, SignedAgreement signed) {
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

  private static AgreementRecord record(io.grpc.Channel operator, SignedAgreement signed) {
    return AgreementServiceGrpc.newBlockingStub(operator)
        .withDeadlineAfter(30, TimeUnit.SECONDS)
        .getAgreement(
            GetAgreementRequest.newBuilder().setAgreementSha256(signed.digest().value()).build())
        .getAgreement();
  }

  private SignedAgreement activate(Window window) {
    return broker.activate(
        windowed(
            broker.consortium().agreement("wards-" + broker.decisions(HOSPITAL).size(), 100),
            window));
  }

  private static Agreement windowed(Agreement agreement, Window window) {
    Terms terms = agreement.terms();
    return TestConsortium.under(
        agreement, new Terms(terms.changes(), null, terms.expires(), terms.maxJobs(), window));
  }

  private CreateJobRequest start(SignedAgreement signed) {
    return broker.startJob(signed);
  }

  private AgreementRecord get(SignedAgreement signed) {
    return broker
        .agreements(HOSPITAL)
        .getAgreement(
            GetAgreementRequest.newBuilder().setAgreementSha256(signed.digest().value()).build())
        .getAgreement();
  }
}
