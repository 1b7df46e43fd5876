package io.parley.shim;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.parley.agreement.Chain;
import io.parley.agreement.Gate;
import io.parley.agreement.GateRule;
import io.parley.agreement.StepIdentity;
import io.parley.gate.BearingColumns;
import io.parley.gate.ExpectedColumn;
import io.parley.gate.ExpectedResult;
import io.parley.gate.GateAllowance;
import io.parley.gate.GateFindings.Finding;
import io.parley.gate.GateLimits;
import io.parley.gate.GateOrder;
import io.parley.gate.GateOutcome;
import io.parley.gate.GateScope;
import io.parley.gate.GateVerdict;
import io.parley.gate.SignedVerificationSet;
import io.parley.gate.Tolerance;
import io.parley.gate.VerificationSet;
import io.parley.gate.VerificationTable;
import io.parley.proto.broker.v1.CertifiedStep;
import io.parley.shim.arrow.TestTables;
import io.parley.shim.compute.AppRunner;
import io.parley.wire.Digest;
import io.parley.wire.ParleyException;
import io.parley.wire.Reason;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Chains whose steps have gates of the hospital's to pass, each on its own. */
@Timeout(60)
class StepGateJobTest {
  private static final Gate JOIN = new Gate("hospital", "join");
  private static final Gate SUM = new Gate("hospital", "sum");

  @TempDir Path folder;
  private ChainWorld world;
  private GateAllowance allowance = GateAllowance.DEFAULT;

  @BeforeEach
  void build() throws IOException {
    world = new ChainWorld(folder);
    world.gate = GateRule.REQUIRED;
  }

  private TestJob job() throws IOException {
    TestJob job = world.job();
    job.broker.stepGates = List.of(join(job, List.of("0.5")), sum(job, "2"));
    return job;
  }

  private SignedVerificationSet join(TestJob job, List<String> amounts) throws IOException {
    List<@Nullable String> second = new ArrayList<>(amounts);
    second.add(null);
    return set(
        job,
        JOIN,
        List.of(
            table("admissions", 3, TestJob.admissions(3)), table("claims", 2, TestJob.claims(2))),
        List.of(
            expected("report", column("rows", List.of("2"))),
            expected("joined", column("patient", List.of("1", "2")), column("amount", second))),
        Map.of("from", "1999-12-31"));
  }

  /** The second step's inputs, of which one is what the first writes. */
  private SignedVerificationSet sum(TestJob job, String rows) throws IOException {
    byte[] joined =
        TestTables.file(
            ChainWorld.JOINED, List.of(new Object[] {5L, 1.5}, new Object[] {6L, 2.5}), 9);
    byte[] claims =
        TestTables.file(
            List.of(TestWorld.CLAIMS.get(1), TestWorld.CLAIMS.get(0)),
            List.of(new @Nullable Object[][] {{1.0, 1L}}),
            9);
    return set(
        job,
        SUM,
        List.of(table("claims", 1, claims), table("joined", 2, joined)),
        List.of(expected("summary", column("n", List.of(rows)))),
        Map.of());
  }

  private static VerificationTable table(String name, int rows, byte[] arrow) {
    return new VerificationTable(name, rows, ByteString.copyFrom(arrow));
  }

  private static ExpectedColumn column(String name, List<@Nullable String> cells) {
    return ExpectedColumn.of(name, Tolerance.EXACT, cells);
  }

  private static ExpectedResult expected(String name, ExpectedColumn... columns) {
    return new ExpectedResult(name, false, false, List.of(columns), columns[0].cells().size());
  }

  private SignedVerificationSet set(
      TestJob job,
      Gate gate,
      List<VerificationTable> inputs,
      List<ExpectedResult> results,
      Map<String, String> parameters) {
    return SignedVerificationSet.sign(
        new VerificationSet(
            job.signed.digest(),
            gate.owner(),
            "small",
            gate.step(),
            GateScope.of(job.signed.agreement(), gate).app(),
            new TreeMap<>(parameters),
            inputs,
            results,
            allowance,
            GateLimits.CERTIFY_DAYS_DEFAULT,
            world.world.salt()),
        TestWorld.key(world.world.signing, gate.owner()));
  }

  private static ParleyException failed(TestJob job) throws Exception {
    job.start();
    assertThat(job.ended("insurer")).isFalse();
    Folders folders = job.folders("insurer");
    assertThat(folders.in()).isEmptyDirectory();
    assertThat(folders.out()).isEmptyDirectory();
    return job.host("insurer").failure();
  }

  @Test
  void everyStepRunsOnItsOwnSetFirstAndThenOnTheRealRows() throws Exception {
    List<String> told = new ArrayList<>();
    List<List<String>> inputs = new ArrayList<>();
    List<List<Path>> copies = new ArrayList<>();
    for (String name : List.of("first", "second")) {
      ChainWorld.Program program = TestWorld.value(world.programs, name);
      world.programs.put(
          name,
          run -> {
            told.add(Files.readString(run.in().resolve("params.json")));
            inputs.add(run.inputs());
            try (var apps = Files.list(run.app().folder().getParent())) {
              copies.add(apps.toList());
            }
            assertThat(run.out()).isEmptyDirectory();
            assertThat(run.tmp()).isEmptyDirectory();
            Files.writeString(run.tmp().resolve("word"), "x");
            return program.run(run);
          });
    }
    try (TestJob job = job()) {
      job.start();
      assertThat(job.ended("insurer")).as("%s", job.host("insurer").outcome()).isTrue();
      assertThat(job.ended("hospital")).isTrue();
      assertThat(world.ran).containsExactly("first", "second", "first", "second");
      assertThat(job.broker.outcomes).extracting(GateOutcome::gate).containsExactly(JOIN, SUM);
      assertThat(job.broker.outcomes)
          .extracting(GateOutcome::verdict)
          .containsOnly(GateVerdict.PASSED);
      assertThat(SealedResults.open(job, "summary", "hospital")).isEqualTo("n\n2\n");
      // The step's own values, and those of the job.
      assertThat(told.get(0)).contains("{\"from\":\"1999-12-31\"}");
      assertThat(told.get(2)).contains("{\"from\":\"2026-01-01\"}");
      assertThat(told.get(1)).contains("\"how\":\"all\"");
      assertThat(withoutMemory(told.get(1))).isEqualTo(withoutMemory(told.get(3)));
      assertThat(inputs.subList(0, 2)).isEqualTo(inputs.subList(2, 4));
      // Never two apps' files at a time.
      assertThat(copies).allSatisfy(apps -> assertThat(apps).hasSize(1));
      assertThat(job.host("insurer").progress)
          .extracting(progress -> progress.getMessage())
          .contains("running step 'sum' on verification data of hospital");
    }
  }

  private static String withoutMemory(String told) {
    return told.replaceFirst("\"memory_bytes\":[0-9]+", "");
  }

  @Test
  void whatTheNextStepWouldReadIsCompared() throws Exception {
    try (TestJob job = world.job()) {
      job.broker.stepGates = List.of(join(job, List.of("0.75")), sum(job, "2"));
      assertThat(failed(job).reason()).isEqualTo(Reason.GATE_FAILED);
      GateOutcome outcome = job.broker.outcomes.getFirst();
      assertThat(outcome.verdict()).isEqualTo(GateVerdict.RESULT_DIFFERS);
      assertThat(job.broker.findings(outcome).findings())
          .containsExactly(new Finding("result joined, row 1, column amount", "0.75", "0.5"));
      assertThat(world.ran).containsExactly("first");
    }
  }

  @Test
  void aLaterStepThatMisbehavesEndsTheJobBeforeAnyKey() throws Exception {
    world.programs.put(
        "second",
        run -> {
          AppRunner.AppExit unused = ChainWorld.second(run);
          return new AppRunner.AppExit(
              0,
              false,
              new AppRunner.Observed(
                  1, 0, List.of(new AppRunner.Attempt("file", "/private/admissions"))));
        });
    try (TestJob job = job()) {
      assertThat(failed(job).reason()).isEqualTo(Reason.GATE_FAILED);
      assertThat(job.broker.outcomes)
          .extracting(GateOutcome::verdict)
          .containsExactly(GateVerdict.PASSED, GateVerdict.ATTEMPTED);
      assertThat(world.ran).containsExactly("first", "second");
    }
  }

  @Test
  void intermediateThatIsNotAsAgreedFailsTheGate() throws Exception {
    world.programs.put(
        "first",
        run -> {
          AppRunner.AppExit exit = ChainWorld.first(run);
          run.write(
              "joined.arrow",
              List.of(TestWorld.CLAIMS.get(0)),
              List.of(new @Nullable Object[][] {{1L}}));
          return exit;
        });
    try (TestJob job = job()) {
      assertThat(failed(job).reason()).isEqualTo(Reason.GATE_FAILED);
      GateOutcome outcome = job.broker.outcomes.getFirst();
      assertThat(outcome.verdict()).isEqualTo(GateVerdict.APP_FAILED);
      assertThat(job.broker.findings(outcome).findings().getFirst().seen())
          .contains("'joined' has no column 'amount'");
    }
  }

  /** What a step hands on is a result too, and is out of the way of the second run. */
  @Test
  void aStepRunsAgainOnOtherValuesOfWhatMayNotBearOnItsResults() throws Exception {
    allowance =
        new GateAllowance(
            false,
            0,
            Duration.ofMinutes(1),
            new BearingColumns(new TreeMap<>(Map.of("claims", new TreeSet<>()))));
    try (TestJob job = job()) {
      job.start();
      assertThat(job.ended("insurer")).as("%s", job.host("insurer").outcome()).isTrue();
      assertThat(world.ran)
          .containsExactly("first", "first", "second", "second", "first", "second");
    }
    world.ran.clear();
    world.programs.put(
        "first",
        run -> {
          AppRunner.AppExit exit = ChainWorld.first(run);
          byte[] claims = Files.readAllBytes(run.in().resolve("claims.arrow"));
          Object second = TestTables.rowsOfFile(claims).get(1)[0];
          Object amount = Long.valueOf(2).equals(second) ? 0.5 : 0.75;
          run.write(
              "joined.arrow",
              ChainWorld.JOINED,
              List.of(new @Nullable Object[][] {{1L, amount}, {2L, null}}));
          return exit;
        });
    try (TestJob job = job()) {
      assertThat(failed(job).reason()).isEqualTo(Reason.GATE_FAILED);
      GateOutcome outcome = job.broker.outcomes.getFirst();
      assertThat(outcome.verdict()).isEqualTo(GateVerdict.ATTEMPTED);
      assertThat(job.broker.findings(outcome).findings())
          .containsExactly(
              new Finding(
                  "columns claims: patient, amount",
                  "results that do not depend on them",
                  "another result: result joined, row 1, column amount: 0.75, not 0.5"));
      assertThat(world.ran).containsExactly("first", "first");
    }
  }

  @Test
  void keysBeforeEveryStepHasPassedAreNotTaken() throws Exception {
    try (TestJob job = world.job()) {
      job.broker.stepGates = List.of(join(job, List.of("0.5")));
      assertThat(failed(job).reason()).isEqualTo(Reason.GRANT_WRONG);
    }
  }

  @Test
  void aCertifiedStepIsNotRunOnASet() throws Exception {
    try (TestJob job = world.job()) {
      job.broker.stepGates = List.of(join(job, List.of("0.5")));
      job.broker.bendGrant =
          grant ->
              grant.getParty().equals("insurer")
                  ? grant.addCertified(certified(SUM, identity(job, "sum")))
                  : grant;
      job.start();
      assertThat(job.ended("insurer")).as("%s", job.host("insurer").outcome()).isTrue();
      assertThat(world.ran).containsExactly("first", "first", "second");
    }
  }

  private static Digest identity(TestJob job, String step) {
    Chain chain = java.util.Objects.requireNonNull(job.signed.agreement().chain());
    return StepIdentity.of(chain.step(step), chain, job.signed.agreement());
  }

  private static CertifiedStep certified(Gate gate, Digest identity) {
    return CertifiedStep.newBuilder()
        .setOwner(gate.owner())
        .setStep(gate.step())
        .setIdentitySha256(identity.value())
        .build();
  }

  @Test
  void aCertificateOfSomethingElseIsNotTaken() throws Exception {
    for (int i = 0; i < 4; i++) {
      int which = i;
      try (TestJob job = world.job()) {
        job.broker.stepGates = List.of(join(job, List.of("0.5")));
        Digest join = identity(job, "join");
        Digest sum = identity(job, "sum");
        job.broker.bendGrant =
            grant ->
                switch (which) {
                  case 0 -> grant.addCertified(certified(SUM, join));
                  case 1 -> grant.addCertified(certified(new Gate("insurer", "sum"), sum));
                  // That passed here, and is certified besides.
                  case 2 ->
                      grant.addCertified(certified(JOIN, join)).addCertified(certified(SUM, sum));
                  default ->
                      grant.addCertified(certified(SUM, sum)).addCertified(certified(SUM, sum));
                };
        assertThat(failed(job).reason()).isEqualTo(Reason.GRANT_WRONG);
      }
    }
  }

  /** What a job sets is another step each time. */
  @Test
  void aStepWithAParameterOfTheJobIsNeverTakenAsCertified() throws Exception {
    try (TestJob job = world.job()) {
      job.broker.stepGates = List.of(sum(job, "2"));
      job.broker.bendGrant = grant -> grant.addCertified(certified(JOIN, identity(job, "join")));
      assertThat(failed(job)).hasMessageContaining("the same in every job");
    }
  }

  @Test
  void anOrderOrSetForAnotherStepIsNotFollowed() throws Exception {
    try (TestJob job = world.job()) {
      job.broker.stepGates = List.of(join(job, List.of("0.5")), sum(job, "2"));
      job.broker.bendOrder =
          o ->
              new GateOrder(
                  o.jobId(),
                  o.party(),
                  o.agreement(),
                  o.job(),
                  o.evidence(),
                  SUM,
                  o.set(),
                  o.task());
      assertThat(failed(job).reason()).isEqualTo(Reason.GATE_ORDER_WRONG);
      assertThat(world.ran).isEmpty();
    }
  }
}
