package io.parley.broker;

import static io.parley.broker.TestBroker.refused;
import static io.parley.broker.TestConsortium.HOSPITAL;
import static io.parley.broker.TestConsortium.INSURER;
import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.StatusRuntimeException;
import io.parley.agreement.Agreement;
import io.parley.agreement.Budget;
import io.parley.agreement.ChangeRule;
import io.parley.agreement.Dataset;
import io.parley.agreement.SignedAgreement;
import io.parley.agreement.Terms;
import io.parley.agreement.Window;
import io.parley.broker.store.FaultPoint;
import io.parley.identity.Role;
import io.parley.proto.broker.v1.AgreementRecord;
import io.parley.proto.broker.v1.AgreementServiceGrpc;
import io.parley.proto.broker.v1.BudgetUse;
import io.parley.proto.broker.v1.CreateJobRequest;
import io.parley.proto.broker.v1.Decision;
import io.parley.proto.broker.v1.GetAgreementRequest;
import io.parley.proto.broker.v1.KeyServiceGrpc;
import io.parley.proto.broker.v1.LogServiceGrpc;
import io.parley.proto.broker.v1.PresentCheckpointRequest;
import io.parley.proto.broker.v1.ProposeAgreementRequest;
import io.parley.wire.Digest;
import io.parley.wire.ParleyException;
import io.parley.wire.Reason;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** How often a dataset is asked in a stretch of time. */
class BudgetTest {
  private static final Duration DAY = Duration.ofDays(1);
  private static final String ADMISSIONS = "admissions";

  @TempDir Path folder;
  private TestBroker broker;
  private Instant begin;

  @BeforeEach
  void start() throws Exception {
    broker = TestBroker.start(folder.resolve("broker"));
    // So that no certificate is too young for a clock that is put back.
    begin = Instant.ofEpochMilli(broker.time().instant().plus(Duration.ofDays(3)).toEpochMilli());
    broker.time().set(begin);
  }

  @AfterEach
  void stop() {
    broker.close();
  }

  @Test
  void theNextQueryIsPossibleWhenTheFirstIsOutOfTheStretch() {
    SignedAgreement signed = activate(2);
    ask(signed);
    broker.time().set(begin.plus(Duration.ofHours(10)));
    ask(signed);
    ParleyException refusal = refused(Reason.RULE_BUDGET, () -> ask(signed));
    assertThat(refusal.metadata())
        .containsEntry("dataset", ADMISSIONS)
        .containsEntry("queries", "2")
        .containsEntry("per", "1d")
        .containsEntry("used", "2")
        .containsEntry("next_at", begin.plus(DAY).toString());
    assertThat(refusal)
        .hasMessageContaining("2 times in any 1d")
        .hasMessageContaining("next query");
    assertThat(broker.decisions(HOSPITAL).getLast())
        .returns("refuse", Decision::getAction)
        .returns("RULE_BUDGET", Decision::getReason);
    assertThat(record(signed))
        .returns("RULE_BUDGET", AgreementRecord::getRefusedNow)
        .returns(2, AgreementRecord::getJobsStarted);
    assertThat(record(signed).getBudgetsList()).hasSize(1);
    assertThat(record(signed).getBudgets(0))
        .returns(ADMISSIONS, BudgetUse::getDataset)
        .returns(2, BudgetUse::getUsed)
        .returns(begin.plus(DAY).getEpochSecond(), use -> use.getNextAt().getSeconds());

    broker.time().set(begin.plus(DAY).minusMillis(1));
    refused(Reason.RULE_BUDGET, () -> ask(signed));
    broker.time().set(begin.plus(DAY));
    assertThat(record(signed).getRefusedNow()).isEmpty();
    assertThat(record(signed).getBudgets(0))
        .returns(1, BudgetUse::getUsed)
        .returns(false, BudgetUse::hasNextAt);
    ask(signed);
    // No burst at the border of two days either.
    refused(Reason.RULE_BUDGET, () -> ask(signed));
    broker.time().set(begin.plus(DAY).plus(Duration.ofHours(10)));
    ask(signed);
  }

  @Test
  void restartsAndAClockThatIsPutBackGiveNoMore() {
    SignedAgreement signed = activate(2);
    ask(signed);
    broker.restart();
    ask(signed);
    refused(Reason.RULE_BUDGET, () -> ask(signed));
    broker.restart();
    refused(Reason.RULE_BUDGET, () -> ask(signed));
    broker.time().set(begin.minus(Duration.ofDays(2)));
    ParleyException refusal = refused(Reason.RULE_BUDGET, () -> ask(signed));
    assertThat(refusal.metadata()).containsEntry("next_at", begin.plus(DAY).toString());
  }

  @Test
  void theSameRequestIsOneQuery() {
    SignedAgreement signed = activate(1);
    CreateJobRequest job = ask(signed);
    assertThat(broker.keys(INSURER).createJob(job).getJobsStarted()).isEqualTo(1);
    refused(Reason.RULE_BUDGET, () -> ask(signed));
  }

  @Test
  void aRevisionGivesNoFreshBudget() {
    SignedAgreement first = activate(agreement("wards", 2, null));
    ask(first);
    SignedAgreement second = activate(agreement("wards", 2, first.digest()));
    ask(second);
    refused(Reason.RULE_BUDGET, () -> ask(second));
    SignedAgreement third = activate(agreement("wards", 3, second.digest()));
    assertThat(record(third).getBudgets(0).getUsed()).isEqualTo(2);
    ask(third);
    refused(Reason.RULE_BUDGET, () -> ask(third));
    // Another agreement over the same data is another promise.
    ask(activate(agreement("other", 1, null)));
  }

  @Test
  void manyAtOnceNeverExceedIt() throws Exception {
    SignedAgreement signed = activate(5);
    Callable<Boolean> call =
        () -> {
          try {
            ask(signed);
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

  /** A broker that dies while it counts: the query is counted, or was never answered. */
  @ParameterizedTest
  @EnumSource(
      value = FaultPoint.class,
      names = {"WORKED", "CHECKPOINTED", "COMMITTED"})
  void aBrokerThatDiesForgetsNoQuery(FaultPoint point) throws Exception {
    Path home = folder.resolve("killed");
    Path armed = folder.resolve("armed");
    MutableTime time = new MutableTime(Instant.now());
    TestConsortium consortium = TestBroker.create(home, time, "127.0.0.1:0");
    SignedAgreement signed =
        consortium.sign(
            budgeted(consortium.agreement("wards", 100), 2, ChangeRule.NEVER, null),
            HOSPITAL,
            INSURER);
    CreateJobRequest second = TestBroker.job(signed);
    try (BrokerProcess process =
        BrokerProcess.start(
            home, folder, HaltingBroker.class.getName(), point.name(), armed.toString())) {
      with(
          process,
          consortium,
          time,
          (node, operator) -> {
            propose(operator, signed);
            var _ = keys(node).createJob(TestBroker.job(signed));
            Files.createFile(armed);
            refused(Reason.BROKER_UNAVAILABLE, () -> keys(node).createJob(second));
          });
      process.exitCode(Duration.ofSeconds(30));
    }
    try (BrokerProcess process = BrokerProcess.start(home, folder)) {
      with(
          process,
          consortium,
          time,
          (node, operator) -> {
            AgreementRecord record =
                AgreementServiceGrpc.newBlockingStub(operator)
                    .getAgreement(
                        GetAgreementRequest.newBuilder()
                            .setAgreementSha256(signed.digest().value())
                            .build())
                    .getAgreement();
            assertThat(record.getBudgets(0).getUsed())
                .isEqualTo(point == FaultPoint.COMMITTED ? 2 : 1);
            var _ = keys(node).createJob(second);
            refused(Reason.RULE_BUDGET, () -> keys(node).createJob(TestBroker.job(signed)));
          });
    }
  }

  private interface Calls {
    void make(io.grpc.Channel node, io.grpc.Channel operator) throws Exception;
  }

  private static void with(
      BrokerProcess process, TestConsortium consortium, MutableTime time, Calls calls)
      throws Exception {
    var node =
        TestBroker.open(
            process.address(), consortium.certificate(INSURER, Role.NODE), consortium, time);
    var operator =
        TestBroker.open(
            process.address(), consortium.certificate(INSURER, Role.OPERATOR), consortium, time);
    try {
      var _ =
          LogServiceGrpc.newBlockingStub(node)
              .presentCheckpoint(PresentCheckpointRequest.getDefaultInstance());
      calls.make(node, operator);
    } finally {
      node.shutdownNow();
      operator.shutdownNow();
    }
  }

  private static KeyServiceGrpc.KeyServiceBlockingStub keys(io.grpc.Channel node) {
    return KeyServiceGrpc.newBlockingStub(node).withDeadlineAfter(30, TimeUnit.SECONDS);
  }

  private static void propose(io.grpc.Channel operator, SignedAgreement signed) {
    var _ =
        AgreementServiceGrpc.newBlockingStub(operator)
            .proposeAgreement(
                ProposeAgreementRequest.newBuilder()
                    .setEnvelope(signed.envelope().toProto())
                    .build());
  }

  private SignedAgreement activate(int queries) {
    return activate(agreement("wards", queries, null));
  }

  private SignedAgreement activate(Agreement agreement) {
    return broker.activate(agreement);
  }

  private Agreement agreement(String name, int queries, @Nullable Digest parent) {
    return budgeted(
        broker.consortium().agreement(name, 100), queries, ChangeRule.UNANIMOUS, parent);
  }

  /** With a budget for admissions, and none for claims. */
  private static Agreement budgeted(
      Agreement agreement, int queries, ChangeRule changes, @Nullable Digest parent) {
    List<Dataset> datasets =
        agreement.datasets().stream()
            .map(dataset ->
                dataset.name().equals(ADMISSIONS)
                    ? new Dataset(
                        dataset.name(),
                        dataset.owner(),
                        dataset.columns(),
                        dataset.releasedTo(),
                        dataset.usage(),
                        new Budget(queries, DAY))
                    : dataset)
            .toList();
    return new Agreement(
        agreement.name(),
        agreement.parties(),
        agreement.broker(),
        agreement.app(),
        datasets,
        agreement.compute(),
        agreement.results(),
        agreement.environment(),
        new Terms(changes, parent, agreement.terms().expires(), agreement.maxJobs(), Window.ALWAYS),
        agreement.parameters());
  }

  private CreateJobRequest ask(SignedAgreement signed) {
    return broker.startJob(signed);
  }

  private AgreementRecord record(SignedAgreement signed) {
    return broker
        .agreements(HOSPITAL)
        .getAgreement(
            GetAgreementRequest.newBuilder().setAgreementSha256(signed.digest().value()).build())
        .getAgreement();
  }
}
