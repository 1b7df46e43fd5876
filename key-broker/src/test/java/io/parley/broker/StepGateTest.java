package io.parley.broker;

import static io.parley.broker.TestBroker.refused;
import static io.parley.broker.TestConsortium.APP;
import static io.parley.broker.TestConsortium.HOSPITAL;
import static io.parley.broker.TestConsortium.INSURER;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.parley.agreement.Agreement;
import io.parley.agreement.Chain;
import io.parley.agreement.ChainGrant;
import io.parley.agreement.ChainInput;
import io.parley.agreement.ChainOutput;
import io.parley.agreement.ChainParameter;
import io.parley.agreement.ChainStep;
import io.parley.agreement.Column;
import io.parley.agreement.ColumnType;
import io.parley.agreement.Environment;
import io.parley.agreement.Gate;
import io.parley.agreement.Parameter;
import io.parley.agreement.StepFlow;
import io.parley.broker.GateWorld.Asked;
import io.parley.broker.store.FaultPoint;
import io.parley.gate.GateOutcome;
import io.parley.gate.GateTask;
import io.parley.gate.GateVerdict;
import io.parley.gate.VerificationSet;
import io.parley.identity.Role;
import io.parley.proto.broker.v1.CreateJobRequest;
import io.parley.proto.broker.v1.Grant;
import io.parley.proto.broker.v1.HaltAgreementRequest;
import io.parley.proto.broker.v1.KeyAdminServiceGrpc;
import io.parley.proto.broker.v1.RemoveVerificationSetRequest;
import io.parley.proto.broker.v1.RevokeKeysRequest;
import io.parley.proto.broker.v1.ShredKeysRequest;
import io.parley.proto.broker.v1.StepCertificate;
import io.parley.proto.broker.v1.StoredVerificationSet;
import io.parley.wire.Digest;
import io.parley.wire.ParleyException;
import io.parley.wire.Reason;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Gates before the steps of a chain, and the certificates that spare them. */
class StepGateTest {
  private static final Gate JOIN = new Gate(HOSPITAL, "join");
  private static final Gate SUM = new Gate(HOSPITAL, "sum");
  private static final Digest OTHER_APP = Digest.of(new byte[] {77});

  @TempDir Path folder;
  private final AtomicReference<@Nullable FaultPoint> fault = new AtomicReference<>();
  private TestBroker broker;

  @BeforeEach
  void start() throws Exception {
    broker =
        TestBroker.startWith(
            folder.resolve("broker"),
            point -> {
              if (point == fault.get()) {
                throw new IllegalStateException("the broker dies at " + point);
              }
            });
  }

  @AfterEach
  void stop() {
    broker.close();
  }

  /** What is in the chain: two steps, the first of which reads both datasets. */
  private static Chain chain(Digest join, ChainParameter... parameters) {
    Column patient = new Column("patient", ColumnType.BIGINT, false);
    return new Chain(
        List.of(
            new ChainStep(
                "join",
                join,
                new StepFlow(
                    List.of(
                        new ChainInput("admissions", List.of()),
                        new ChainInput("claims", List.of())),
                    List.of(new ChainOutput("joined", List.of(patient), List.of("sum"))),
                    List.of(parameters))),
            new ChainStep(
                "sum",
                OTHER_APP,
                new StepFlow(
                    List.of(new ChainInput("joined", List.of())),
                    List.of(new ChainOutput("summary", List.of(), List.of())),
                    List.of()))),
        List.of(
            new ChainGrant("admissions", List.of("join")),
            new ChainGrant("claims", List.of("join"))));
  }

  private Agreement agreement(String name, Chain chain, Parameter... parameters) {
    Agreement plain = broker.consortium().agreement(name, 50);
    return new Agreement(
        plain.name(),
        plain.parties(),
        plain.broker(),
        chain.digest(),
        plain.datasets(),
        plain.compute(),
        plain.results(),
        plain.environment(),
        plain.terms(),
        List.of(parameters),
        plain.brokerEvidence(),
        plain.queries(),
        chain);
  }

  private GateWorld world(Agreement agreement, String... owners) {
    return new GateWorld(broker, GateWorld.gated(agreement, owners));
  }

  /** The hospital's gate before both steps, with a set for each. */
  private GateWorld world(String name, int certifyDays) {
    GateWorld world = world(agreement(name, chain(APP)), HOSPITAL);
    world.add(HOSPITAL, world.set(JOIN, "rows", certifyDays, Map.of()));
    world.add(HOSPITAL, world.set(SUM, "sums", certifyDays, Map.of()));
    return world;
  }

  /** A job at the insurer's. */
  private record Job(GateWorld world, CreateJobRequest request, FakeEnclave enclave) {
    Asked ask(GateOutcome... outcomes) {
      return world.ask(enclave.through(outcomes), request, INSURER);
    }

    GateTask task(Asked asked) {
      return world.open(enclave, request, asked);
    }

    GateOutcome outcome(Asked asked, GateVerdict verdict) {
      return world.outcome(request, task(asked), verdict);
    }

    GateOutcome passed(Asked asked) {
      return outcome(asked, GateVerdict.PASSED);
    }
  }

  private Job job(GateWorld world) {
    CreateJobRequest request = broker.startJob(world.signed);
    return new Job(world, request, broker.enclave(world.signed, request, INSURER));
  }

  /** Runs what is ordered until there are keys; which gates were run, in order. */
  private List<String> run(GateWorld world) throws Exception {
    Job job = job(world);
    List<String> ran = new ArrayList<>();
    List<GateOutcome> outcomes = new ArrayList<>();
    while (true) {
      Asked asked = job.ask(outcomes.toArray(GateOutcome[]::new));
      if (!asked.response().getGrant().isEmpty()) {
        assertThat(job.enclave().open(asked.evidence(), asked.response())).hasSize(3);
        List<String> certified =
            Grant.parseFrom(asked.response().getGrant()).getCertifiedList().stream()
                .map(step -> step.getOwner() + "/" + step.getStep())
                .toList();
        assertThat(certified).noneMatch(ran::contains);
        assertThat(ran.size() + certified.size())
            .isEqualTo(world.signed.agreement().gates().size());
        return ran;
      }
      Gate gate = asked.order().gate();
      ran.add(gate.owner() + "/" + gate.step());
      outcomes.add(job.passed(asked));
      outcomes.sort(java.util.Comparator.comparing(GateOutcome::gate));
    }
  }

  private List<StepCertificate> certificates(GateWorld world, String party) {
    return world.listed(party).getCertificatesList();
  }

  @Test
  void everyStepPassesOnceAndIsSparedUntilItsCertificateExpires() throws Exception {
    GateWorld world = world("first", 7);
    assertThat(certificates(world, HOSPITAL)).isEmpty();
    assertThat(run(world)).containsExactly("hospital/join", "hospital/sum");
    List<StepCertificate> certificates = certificates(world, HOSPITAL);
    assertThat(certificates).extracting(StepCertificate::getStep).containsExactly("join", "sum");
    Instant expires = Instant.ofEpochSecond(certificates.getFirst().getExpiresAt().getSeconds());
    assertThat(expires)
        .isEqualTo(
            broker
                .time()
                .instant()
                .plus(Duration.ofDays(7))
                .truncatedTo(java.time.temporal.ChronoUnit.SECONDS));
    assertThat(certificates(world, INSURER)).isEmpty();

    assertThat(run(world)).isEmpty();
    broker.restart();
    broker.time().pass(Duration.ofDays(7).minusSeconds(1));
    assertThat(run(world)).isEmpty();
    broker.time().pass(Duration.ofSeconds(1));
    assertThat(certificates(world, HOSPITAL)).isEmpty();
    assertThat(run(world)).containsExactly("hospital/join", "hospital/sum");

    assertThat(broker.decisions(INSURER))
        .extracting(decision -> decision.getDetail().replaceFirst("(until|in job) .*", "$1"))
        .contains(
            "the verification gate of hospital for step 'join' was passed; the step is certified until",
            "the verification gate of hospital for step 'sum' is spared: the step passed it in job");
    assertThat(world.list(HOSPITAL)).allSatisfy(set -> assertThat(set.getPassed()).isEqualTo(2));
  }

  @Test
  void anotherAgreementWithTheSameStepIsSparedWithoutASetOfItsOwn() throws Exception {
    run(world("first", 7));
    GateWorld other = world(agreement("second", chain(APP)), HOSPITAL);
    assertThat(run(other)).isEmpty();
    // A set for it there ends what was certified.
    other.add(HOSPITAL, other.set(JOIN, "more", 7, Map.of()));
    assertThat(certificates(other, HOSPITAL))
        .extracting(StepCertificate::getStep)
        .containsExactly("sum");
    assertThat(run(other)).containsExactly("hospital/join");
  }

  @Test
  void zeroDaysCertifyNothing() throws Exception {
    GateWorld world = world("first", 0);
    run(world);
    assertThat(certificates(world, HOSPITAL)).isEmpty();
    assertThat(run(world)).hasSize(2);
  }

  @Test
  void stepsWithoutASetAreNamedAndNoJobStarts() {
    GateWorld world = world(agreement("first", chain(APP)), HOSPITAL);
    ParleyException both = refused(Reason.GATE_MISSING, () -> broker.startJob(world.signed));
    assertThat(both).hasMessageContaining("for step join, sum").hasMessageContaining("--step STEP");
    StoredVerificationSet join = world.add(HOSPITAL, world.set(JOIN, "rows", 7, Map.of()));
    assertThat(join.getStep()).isEqualTo("join");
    ParleyException one = refused(Reason.GATE_MISSING, () -> broker.startJob(world.signed));
    assertThat(one.metadata()).containsEntry("steps", "sum").containsEntry("owner", HOSPITAL);
    world.add(HOSPITAL, world.set(SUM, "sums", 7, Map.of()));
    Job job = job(world);
    Asked asked = job.ask();
    remove(world, world.list(HOSPITAL).get(1));
    refused(Reason.GATE_MISSING, () -> job.ask(job.passed(asked)));
  }

  private static void remove(GateWorld world, StoredVerificationSet set) {
    var _ =
        world
            .gates(HOSPITAL, Role.OPERATOR)
            .removeVerificationSet(
                RemoveVerificationSetRequest.newBuilder()
                    .setAgreementSha256(world.signed.digest().value())
                    .setSetSha256(set.getSetSha256())
                    .build());
  }

  @Test
  void theOwnerOfEveryRowThatGetsThereHasAGateOfItsOwn() throws Exception {
    GateWorld world = world(agreement("first", chain(APP)), HOSPITAL, INSURER);
    world.add(HOSPITAL, world.set(JOIN, "a", 7, Map.of()));
    world.add(HOSPITAL, world.set(SUM, "b", 7, Map.of()));
    Gate mine = new Gate(INSURER, "join");
    refused(Reason.GATE_MISSING, () -> broker.startJob(world.signed));
    world.add(INSURER, world.set(mine, "a", 7, Map.of()));
    world.add(INSURER, world.set(new Gate(INSURER, "sum"), "b", 0, Map.of()));
    assertThat(run(world))
        .containsExactly("hospital/join", "hospital/sum", "insurer/join", "insurer/sum");
    // What one owner certified is nothing to the other.
    assertThat(certificates(world, INSURER))
        .extracting(StepCertificate::getStep)
        .containsExactly("join");
    assertThat(run(world)).containsExactly("insurer/sum");
    remove(world, world.list(HOSPITAL).getFirst());
    world.add(HOSPITAL, world.set(JOIN, "c", 7, Map.of()));
    assertThat(run(world)).containsExactly("hospital/join", "insurer/sum");
    // Nor does what passed for one owner count for the other.
    Job job = job(world);
    Asked first = job.ask();
    assertThat(first.order().gate()).isEqualTo(new Gate(INSURER, "sum"));
    GateOutcome sum = job.passed(first);
    refused(Reason.EVIDENCE_GATE_WRONG, () -> job.ask(as(SUM, sum)));
    assertThat(job.ask(sum).response().getGrant()).isNotEmpty();
  }

  @Test
  void anOutcomeCountsForNoOtherStepJobOrEnclave() {
    GateWorld world = world("first", 7);
    Job earlier = job(world);
    GateOutcome old = earlier.passed(earlier.ask());
    Job job = job(world);
    Asked asked = job.ask();
    GateOutcome join = job.passed(asked);
    // That of another job, before and after it counted there.
    refused(Reason.EVIDENCE_GATE_WRONG, () -> job.ask(old));
    // Of the right set and draw, as if it were another step's: none was drawn for it.
    GateOutcome asSum = as(SUM, join);
    refused(Reason.EVIDENCE_GATE_WRONG, () -> job.ask(asSum));
    Asked second = job.ask(join);
    assertThat(second.order().gate()).isEqualTo(SUM);
    ParleyException wrong = refused(Reason.EVIDENCE_GATE_WRONG, () -> job.ask(join, asSum));
    assertThat(wrong.metadata()).containsEntry("claim", "gates.hospital.sum.set");
    GateOutcome sum = job.passed(second);
    GateOutcome otherDraw =
        new GateOutcome(
            SUM,
            sum.set(),
            join.draw(),
            sum.expectation(),
            sum.result(),
            GateVerdict.PASSED,
            sum.findings());
    assertThat(refused(Reason.EVIDENCE_GATE_WRONG, () -> job.ask(join, otherDraw)).metadata())
        .containsEntry("claim", "gates.hospital.sum.draw");
    // Another enclave of the same job.
    FakeEnclave twin = broker.enclave(world.signed, job.request(), INSURER);
    refused(
        Reason.EVIDENCE_KEY_WRONG,
        () -> world.ask(twin.through(join, sum), job.request(), INSURER));
    assertThat(job.ask(join, sum).response().getGrant()).isNotEmpty();
  }

  private static GateOutcome as(Gate gate, GateOutcome outcome) {
    return new GateOutcome(
        gate,
        outcome.set(),
        outcome.draw(),
        outcome.expectation(),
        outcome.result(),
        outcome.verdict(),
        outcome.findings());
  }

  @Test
  void aStepThatFailsEndsTheJobBeforeAnyKeyAndIsNotCertified() throws Exception {
    GateWorld world = world("first", 7);
    Job job = job(world);
    GateOutcome join = job.passed(job.ask());
    GateOutcome sum = job.outcome(job.ask(join), GateVerdict.ATTEMPTED);
    ParleyException why = refused(Reason.GATE_FAILED, () -> job.ask(join, sum));
    assertThat(why).hasMessageContaining("for step 'sum'");
    assertThat(why.metadata()).containsEntry("step", "sum");
    refused(Reason.GATE_FAILED, () -> job.ask(join, as(SUM, sum)));
    assertThat(certificates(world, HOSPITAL))
        .extracting(StepCertificate::getStep)
        .containsExactly("join");
    assertThat(run(world)).containsExactly("hospital/sum");
  }

  @Test
  void aStepWithOneChangedParameterAppOrEnvironmentIsAnother() throws Exception {
    ChainParameter how = new ChainParameter.Fixed("how", "all");
    GateWorld first = world(agreement("first", chain(APP, how)), HOSPITAL);
    first.add(HOSPITAL, first.set(JOIN, "a", 7, Map.of()));
    first.add(HOSPITAL, first.set(SUM, "b", 7, Map.of()));
    run(first);
    assertThat(run(world(agreement("same", chain(APP, how)), HOSPITAL))).isEmpty();
    for (Chain other :
        List.of(
            chain(APP),
            chain(APP, new ChainParameter.Fixed("how", "some")),
            chain(APP, new ChainParameter.Fixed("who", "all")),
            chain(OTHER_APP, how))) {
      GateWorld world = world(agreement("other", other), HOSPITAL);
      assertThat(certificates(world, HOSPITAL))
          .extracting(StepCertificate::getStep)
          .containsExactly("sum");
      ParleyException missing = refused(Reason.GATE_MISSING, () -> broker.startJob(world.signed));
      assertThat(missing.metadata()).containsEntry("steps", "join");
    }
    Agreement same = agreement("laxer", chain(APP, how));
    GateWorld laxer =
        world(
            with(
                same,
                new Environment(
                    same.environment().evidence(),
                    same.environment().shim(),
                    Map.of("crypto", "passed"),
                    same.environment().isolation())),
            HOSPITAL);
    assertThat(certificates(laxer, HOSPITAL)).isEmpty();
  }

  private static Agreement with(Agreement plain, Environment environment) {
    return new Agreement(
        plain.name(),
        plain.parties(),
        plain.broker(),
        plain.app(),
        plain.datasets(),
        plain.compute(),
        plain.results(),
        environment,
        plain.terms(),
        plain.parameters(),
        plain.brokerEvidence(),
        plain.queries(),
        plain.chain());
  }

  @Test
  void aStepWhoseParametersJobsSetPassesInEveryJob() throws Exception {
    ChainParameter how = new ChainParameter.From("how", "which");
    Agreement agreement =
        agreement("first", chain(APP, how), new Parameter.Free("which", ColumnType.VARCHAR));
    GateWorld world = world(agreement, HOSPITAL);
    world.add(HOSPITAL, world.set(JOIN, "a", 90, Map.of("how", "all")));
    world.add(HOSPITAL, world.set(SUM, "b", 90, Map.of()));
    assertThat(run(world)).containsExactly("hospital/join", "hospital/sum");
    assertThat(run(world)).containsExactly("hospital/join");
    // One that the agreement sets is part of what was certified.
    Agreement fixed = agreement("fixed", chain(APP, how), new Parameter.Fixed("which", "all"));
    GateWorld other = world(fixed, HOSPITAL);
    other.add(HOSPITAL, other.set(JOIN, "a", 90, Map.of()));
    assertThat(run(other)).containsExactly("hospital/join");
    assertThat(run(other)).isEmpty();
    assertThat(
            run(
                world(
                    agreement("told", chain(APP, new ChainParameter.Fixed("how", "all"))),
                    HOSPITAL)))
        .isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"added", "removed", "halted", "revoked", "shredded"})
  void whatTheOwnerChangesEndsItsCertificates(String how) throws Exception {
    GateWorld world = world("first", 7);
    run(world);
    GateWorld witness = world(agreement("witness", chain(APP)), HOSPITAL);
    assertThat(run(witness)).isEmpty();
    // A step that was drawn before the change is not certified by passing after it.
    remove(world, world.list(HOSPITAL).getFirst());
    world.add(HOSPITAL, world.set(JOIN, "again", 7, Map.of()));
    Job open = job(world);
    Asked drawn = open.ask();
    change(world, how);
    GateOutcome passed = open.passed(drawn);
    switch (how) {
      case "added", "removed" -> assertThat(open.ask(passed).response().getGrant()).isNotEmpty();
      case "revoked" -> assertThat(open.ask(passed).order().gate()).isEqualTo(SUM);
      default -> assertThatThrownBy(() -> open.ask(passed)).isInstanceOf(RuntimeException.class);
    }
    boolean whole = !how.equals("added") && !how.equals("removed");
    assertThat(certificates(witness, HOSPITAL))
        .extracting(StepCertificate::getStep)
        .containsExactlyElementsOf(whole ? List.of() : List.of("sum"));
    refused(Reason.GATE_MISSING, () -> broker.startJob(witness.signed));
  }

  private void change(GateWorld world, String how) {
    switch (how) {
      case "added" -> world.add(HOSPITAL, world.set(JOIN, "one-more", 7, Map.of()));
      case "removed" -> remove(world, world.list(HOSPITAL).getLast());
      case "halted" -> halt(world);
      case "revoked" -> {
        var _ =
            KeyAdminServiceGrpc.newBlockingStub(broker.channel(HOSPITAL, Role.OPERATOR))
                .revokeKeys(
                    RevokeKeysRequest.newBuilder()
                        .setAgreementSha256(world.signed.digest().value())
                        .setDataset("admissions")
                        .build());
      }
      default -> {
        halt(world);
        var _ =
            KeyAdminServiceGrpc.newBlockingStub(broker.channel(HOSPITAL, Role.OPERATOR))
                .shredKeys(
                    ShredKeysRequest.newBuilder()
                        .setAgreementSha256(world.signed.digest().value())
                        .build());
      }
    }
  }

  private void halt(GateWorld world) {
    var _ =
        broker
            .agreements(HOSPITAL)
            .haltAgreement(
                HaltAgreementRequest.newBuilder()
                    .setAgreementSha256(world.signed.digest().value())
                    .build());
  }

  @Test
  void aPartyThatDoesNotOwnTheRowsEndsNothing() throws Exception {
    GateWorld world = world("first", 7);
    run(world);
    var _ =
        broker
            .agreements(INSURER)
            .haltAgreement(
                HaltAgreementRequest.newBuilder()
                    .setAgreementSha256(world.signed.digest().value())
                    .build());
    assertThat(certificates(world, HOSPITAL)).hasSize(2);
  }

  @Test
  void aClockThatIsPutBackBringsNoCertificateBack() throws Exception {
    GateWorld world = world("first", 7);
    Instant start = broker.time().instant();
    run(world);
    broker.time().set(start.minusMillis(1));
    assertThat(certificates(world, HOSPITAL)).isEmpty();
    broker.time().set(start.plus(Duration.ofDays(8)));
    // Somebody asks, and the certificates are of no use any more.
    Job open = job(world);
    assertThat(open.ask().order().gate()).isEqualTo(JOIN);
    broker.time().set(start.plus(Duration.ofDays(1)));
    assertThat(certificates(world, HOSPITAL)).isEmpty();
    broker.restart();
    assertThat(run(world)).hasSize(2);
  }

  @ParameterizedTest
  @EnumSource(
      value = FaultPoint.class,
      names = {"APPENDED", "WORKED", "BEFORE_CHECKPOINT", "CHECKPOINTED", "COMMITTED"})
  void verdictAndCertificateAreOnDiskTogetherOrNotAtAll(FaultPoint point) throws Exception {
    GateWorld world = world("first", 7);
    Job job = job(world);
    GateOutcome join = job.passed(job.ask());
    fault.set(point);
    assertThatThrownBy(() -> job.ask(join)).isInstanceOf(RuntimeException.class);
    fault.set(null);
    broker.restart();
    boolean kept = point == FaultPoint.COMMITTED;
    assertThat(world.list(HOSPITAL).getFirst().getPassed()).isEqualTo(kept ? 1 : 0);
    assertThat(certificates(world, HOSPITAL)).hasSize(kept ? 1 : 0);
    assertThat(job.ask(join).order().gate()).isEqualTo(SUM);
    assertThat(certificates(world, HOSPITAL)).hasSize(1);
  }

  @Test
  void setsOfStepsAreCountedByThemselves() {
    GateWorld world = world("first", 7);
    for (int i = 1; i < 16; i++) {
      world.add(HOSPITAL, world.set(JOIN, "set-" + i, 7, Map.of()));
    }
    VerificationSet more = world.set(JOIN, "one-more", 7, Map.of());
    refused(Reason.TOO_MANY, () -> world.add(HOSPITAL, more));
    world.add(HOSPITAL, world.set(SUM, "another", 7, Map.of()));
  }
}
