package io.parley.shim;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.parley.agreement.Gate;
import io.parley.agreement.ResultRule;
import io.parley.agreement.SignedAgreement;
import io.parley.gate.ExpectedColumn;
import io.parley.gate.ExpectedResult;
import io.parley.gate.GateAllowance;
import io.parley.gate.GateDigests;
import io.parley.gate.GateFindings.Finding;
import io.parley.gate.GateOrder;
import io.parley.gate.GateVerdict;
import io.parley.gate.SignedVerificationSet;
import io.parley.gate.Tolerance;
import io.parley.gate.VerificationSet;
import io.parley.gate.VerificationTable;
import io.parley.identity.SigningKey;
import io.parley.proto.broker.v1.Receipt;
import io.parley.proto.enclave.v1.Progress;
import io.parley.shim.arrow.TestTables;
import io.parley.shim.compute.AppRunner;
import io.parley.wire.EnvironmentException;
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
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Jobs in which the app has a gate of the hospital's to pass. */
@Timeout(60)
class GateJobTest {
  private static final List<String> INPUTS = List.of("admissions.arrow", "claims.arrow");

  @TempDir Path folder;
  private final TestWorld world = new TestWorld("hospital", "insurer");
  private GateAllowance allowance = GateAllowance.DEFAULT;

  private TestJob job() throws IOException {
    Path own = Files.createTempDirectory(folder, "job");
    SignedAgreement signed =
        world.gated(
            TestJob.appDigest(own),
            List.of(new ResultRule("summary", List.of("hospital", "insurer"), 10)));
    TestJob job = TestJob.of(world, signed, own);
    job.broker.gate = sign(set(signed, List.of("3", "2")), "hospital");
    return job;
  }

  private SignedVerificationSet sign(VerificationSet set, String signer) {
    return SignedVerificationSet.sign(set, TestWorld.key(world.signing, signer));
  }

  private VerificationSet set(SignedAgreement signed, List<String> rows) {
    return set(signed, rows, table("admissions", 3, TestJob.admissions(3)));
  }

  private VerificationSet set(
      SignedAgreement signed, List<String> rows, VerificationTable admissions) {
    return new VerificationSet(
        signed.digest(),
        "hospital",
        "small",
        signed.agreement().app(),
        new TreeMap<>(Map.of("since", "1999-12-31")),
        List.of(admissions, table("claims", 2, TestJob.claims(2))),
        List.of(
            new ExpectedResult(
                "summary",
                false,
                false,
                List.of(
                    ExpectedColumn.of(
                        "dataset", Tolerance.EXACT, new ArrayList<@Nullable String>(INPUTS)),
                    ExpectedColumn.of(
                        "rows", new Tolerance(0.5, 0), new ArrayList<@Nullable String>(rows))),
                2)),
        allowance,
        world.salt());
  }

  private static VerificationTable table(String dataset, int rows, byte[] arrow) {
    return new VerificationTable(dataset, rows, ByteString.copyFrom(arrow));
  }

  @Test
  void aRightAppPassesAndThenRunsOnTheRealRows() throws Exception {
    List<String> parameters = new CopyOnWriteArrayList<>();
    List<Boolean> watched = new CopyOnWriteArrayList<>();
    List<List<Path>> left = new CopyOnWriteArrayList<>();
    try (TestJob job = job()) {
      job.app =
          (run, progress) -> {
            watched.add(run.watched());
            Path in = run.folder().resolve("../../in").normalize();
            try (var files = Files.list(in.resolveSibling("out"))) {
              left.add(files.toList());
              parameters.add(Files.readString(in.resolve("params.json")));
            } catch (IOException e) {
              throw new AssertionError(e);
            }
            return TestJob.countRows(run, progress);
          };
      job.start();
      assertThat(job.ended("insurer")).isTrue();
      assertThat(job.ended("hospital")).isTrue();
      assertThat(SealedResults.open(job, "summary", "hospital"))
          .isEqualTo("dataset,rows\nadmissions.arrow,1000\nclaims.arrow,500\n");
      Receipt receipt = job.receipt("insurer");
      assertThat(receipt.getInputs(0).getRows()).isEqualTo(1000);
      assertThat(job.broker.outcomes).hasSize(1);
      assertThat(job.broker.outcomes.getFirst().verdict()).isEqualTo(GateVerdict.PASSED);
      assertThat(job.broker.outcomes.getFirst().draw())
          .isEqualTo(GateDigests.draw(job.broker.draw));
      assertThat(job.broker.findings().findings()).isEmpty();
      assertThat(parameters.getFirst()).contains("1999-12-31");
      assertThat(parameters.getLast()).contains("2026-01-01");
      assertThat(watched).containsExactly(true, false);
      assertThat(left).allMatch(List::isEmpty);
      assertThat(job.folders("insurer").in()).isEmptyDirectory();
      assertThat(job.host("insurer").progress)
          .extracting(Progress::getMessage)
          .contains("running the app on verification data of hospital");
    }
  }

  @Test
  void withinItsToleranceANumberPassesAndBeyondItDoesNot() throws Exception {
    assertThat(verdict(List.of("3.5", "2"))).isEqualTo(GateVerdict.PASSED);
    assertThat(verdict(List.of("3.51", "2"))).isEqualTo(GateVerdict.RESULT_DIFFERS);
  }

  private GateVerdict verdict(List<String> rows) throws Exception {
    Path own = Files.createTempDirectory(folder, "job");
    SignedAgreement signed =
        world.gated(
            TestJob.appDigest(own),
            List.of(new ResultRule("summary", List.of("hospital", "insurer"), 10)));
    try (TestJob job = TestJob.of(world, signed, own)) {
      job.broker.gate = sign(set(signed, rows), "hospital");
      job.start();
      boolean good = job.ended("insurer");
      GateVerdict verdict = job.broker.outcomes.getFirst().verdict();
      assertThat(good).isEqualTo(verdict == GateVerdict.PASSED);
      return verdict;
    }
  }

  @Test
  void aWrongResultEndsTheJobBeforeAnyRealRowHasCome() throws Exception {
    List<List<String>> inputs = new ArrayList<>();
    try (TestJob job = job()) {
      job.app =
          (run, progress) -> {
            Path in = run.folder().resolve("../../in").normalize();
            inputs.add(List.of(in.toString()));
            return write(run, "dataset,rows\nadmissions.arrow,3\nclaims.arrow,17\n");
          };
      ParleyException failure = failed(job);
      assertThat(failure.reason()).isEqualTo(Reason.GATE_FAILED);
      assertThat(inputs).hasSize(1);
      assertThat(findings(job, GateVerdict.RESULT_DIFFERS))
          .containsExactly(
              new Finding(
                  "result summary, row 2, column rows", "2 (within 0.5, or 0.0 of it)", "17"));
    }
  }

  private static AppRunner.AppExit write(AppRunner.AppRun run, String csv) {
    try {
      Files.writeString(run.folder().resolve("../../out").normalize().resolve("summary.csv"), csv);
      return new AppRunner.AppExit(0, false);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static ParleyException failed(TestJob job) throws Exception {
    job.start();
    assertThat(job.ended("insurer")).isFalse();
    assertThat(job.folders("insurer").in()).isEmptyDirectory();
    assertThat(job.folders("insurer").out()).isEmptyDirectory();
    return job.host("insurer").failure();
  }

  private static List<Finding> findings(TestJob job, GateVerdict verdict) {
    assertThat(job.broker.outcomes.getFirst().verdict()).isEqualTo(verdict);
    return job.broker.findings().findings();
  }

  @Test
  void anAppThatFailsOnTheGateFailsIt() throws Exception {
    try (TestJob job = job()) {
      job.app = (run, progress) -> new AppRunner.AppExit(3, false);
      assertThat(failed(job).reason()).isEqualTo(Reason.GATE_FAILED);
      assertThat(findings(job, GateVerdict.APP_FAILED).getFirst().seen())
          .contains("ended with code 3");
    }
  }

  @Test
  void anAppThatLeavesMoreThanItMayFailsIt() throws Exception {
    try (TestJob job = job()) {
      job.app =
          (run, progress) -> {
            write(run, "dataset,rows\nadmissions.arrow,3\nclaims.arrow,2\n");
            try {
              Files.writeString(run.folder().resolve("../../out").normalize().resolve("more"), "x");
            } catch (IOException e) {
              throw new AssertionError(e);
            }
            return new AppRunner.AppExit(0, false);
          };
      assertThat(failed(job).reason()).isEqualTo(Reason.GATE_FAILED);
      assertThat(findings(job, GateVerdict.APP_FAILED).getFirst().seen())
          .contains("no result of the agreement");
    }
  }

  @Test
  void anAttemptFailsItWhateverTheResult() throws Exception {
    try (TestJob job = job()) {
      job.app =
          (run, progress) -> {
            TestJob.countRows(run, progress);
            return new AppRunner.AppExit(
                0,
                false,
                new AppRunner.Observed(
                    77, 2, List.of(new AppRunner.Attempt("network", "a socket of AF_INET"))));
          };
      assertThat(failed(job).reason()).isEqualTo(Reason.GATE_FAILED);
      assertThat(findings(job, GateVerdict.ATTEMPTED))
          .extracting(Finding::what)
          .containsExactly("network", "processes");
      assertThat(job.broker.findings().peakMemoryBytes()).isEqualTo(77);
    }
  }

  @Test
  void moreMemoryOrTimeThanAllowedFailsIt() throws Exception {
    allowance = new GateAllowance(true, 1000, Duration.ofSeconds(3));
    try (TestJob job = job()) {
      job.app =
          (run, progress) -> {
            assertThat(run.timeout()).isEqualTo(Duration.ofSeconds(3));
            TestJob.countRows(run, progress);
            return new AppRunner.AppExit(0, false, new AppRunner.Observed(1001, 5, List.of()));
          };
      assertThat(failed(job).reason()).isEqualTo(Reason.GATE_FAILED);
      assertThat(findings(job, GateVerdict.LIMIT).getFirst().what()).isEqualTo("memory");
    }
  }

  @Test
  void anAppThatDoesNotEndFailsIt() throws Exception {
    try (TestJob job = job()) {
      job.app =
          (run, progress) -> {
            throw new EnvironmentException(Reason.TIMEOUT, "the app did not end");
          };
      job.host("insurer").timeoutMillis = 1_000_000;
      assertThat(failed(job).reason()).isEqualTo(Reason.GATE_FAILED);
      assertThat(findings(job, GateVerdict.LIMIT).getFirst().what()).isEqualTo("time");
    }
  }

  @Test
  void aTableThatDoesNotFitIsTold() throws Exception {
    try (TestJob job = job()) {
      job.broker.gate =
          sign(
              set(job.signed, List.of("3", "2"), table("admissions", 2, TestJob.claims(2))),
              "hospital");
      assertThat(failed(job).reason()).isEqualTo(Reason.GATE_FAILED);
      assertThat(findings(job, GateVerdict.SET_WRONG).getFirst().seen()).contains("ward");
    }
    try (TestJob job = job()) {
      job.broker.gate =
          sign(
              set(job.signed, List.of("3", "2"), table("admissions", 4, TestJob.admissions(3))),
              "hospital");
      assertThat(failed(job).reason()).isEqualTo(Reason.GATE_FAILED);
      assertThat(findings(job, GateVerdict.SET_WRONG).getFirst().seen()).contains("3 rows");
    }
  }

  @Test
  void aSetThatTheOwnerDidNotSignIsNotRun() throws Exception {
    try (TestJob job = job()) {
      job.broker.gate = sign(set(job.signed, List.of("3", "2")), "insurer");
      assertThat(failed(job).reason()).isEqualTo(Reason.INVALID_SIGNATURE);
      assertThat(job.broker.outcomes).isEmpty();
    }
  }

  @Test
  void anOrderThatIsNotForThisEnclaveIsNotFollowed() throws Exception {
    List<UnaryOperator<GateOrder>> bends =
        List.of(
            o -> order(o, "0".repeat(32), o.party(), o.gate()),
            o -> order(o, o.jobId(), "hospital", o.gate()),
            o -> order(o, o.jobId(), o.party(), Gate.ofApp("insurer")),
            o -> order(o, o.jobId(), o.party(), new Gate("hospital", "match")),
            o ->
                new GateOrder(
                    o.jobId(),
                    o.party(),
                    o.agreement(),
                    o.job(),
                    o.agreement(),
                    o.gate(),
                    o.set(),
                    o.task()),
            o ->
                new GateOrder(
                    o.jobId(),
                    o.party(),
                    o.agreement(),
                    o.job(),
                    o.evidence(),
                    o.gate(),
                    o.agreement(),
                    o.task()));
    for (UnaryOperator<GateOrder> bend : bends) {
      try (TestJob job = job()) {
        job.broker.bendOrder = bend;
        assertThat(failed(job).reason()).isEqualTo(Reason.GATE_ORDER_WRONG);
      }
    }
  }

  private static GateOrder order(GateOrder o, String jobId, String party, Gate gate) {
    return new GateOrder(
        jobId, party, o.agreement(), o.job(), o.evidence(), gate, o.set(), o.task());
  }

  @Test
  void anOrderOfAnotherBrokerOrOfNobodyIsNotFollowed() throws Exception {
    try (TestJob job = job()) {
      job.broker.key = SigningKey.generate(world.random);
      assertThat(failed(job).reason()).isEqualTo(Reason.BROKER_KEY_WRONG);
    }
    try (TestJob job = job()) {
      job.broker.bendResponse =
          response ->
              response.setSignature(world.broker.sign("parley/v1/grant", response.getGateOrder()));
      assertThat(failed(job).reason()).isEqualTo(Reason.GATE_ORDER_WRONG);
    }
  }

  @Test
  void keysWithoutTheGateAreNotTaken() throws Exception {
    try (TestJob job = job()) {
      job.broker.gate = null;
      assertThat(failed(job).reason()).isEqualTo(Reason.GRANT_WRONG);
    }
  }

  @Test
  void anOrderWithoutAGateInTheAgreementIsNotFollowed() throws Exception {
    try (TestJob job = TestJob.ofTwo(folder, 10)) {
      job.broker.gate =
          SignedVerificationSet.sign(
              set(job.signed, List.of("3", "2")), TestWorld.key(job.world.signing, "hospital"));
      assertThat(failed(job).reason()).isEqualTo(Reason.GATE_ORDER_WRONG);
    }
  }

  @Test
  void arrowResultsAreCompared() throws Exception {
    byte[] table =
        TestTables.file(
            TestWorld.CLAIMS, List.of(new Object[] {7L, 0.25}, new Object[] {3L, 1e-3}), 1);
    try (TestJob job = job()) {
      VerificationSet plain = set(job.signed, List.of("3", "2"));
      job.broker.gate =
          sign(
              new VerificationSet(
                  plain.agreement(),
                  plain.owner(),
                  plain.name(),
                  plain.app(),
                  plain.parameters(),
                  plain.inputs(),
                  List.of(
                      new ExpectedResult(
                          "summary",
                          false,
                          false,
                          List.of(
                              ExpectedColumn.of("patient", Tolerance.EXACT, List.of("3", "7.0")),
                              ExpectedColumn.of(
                                  "amount", Tolerance.EXACT, List.of("0.0010", "25e-2"))),
                          2)),
                  plain.allowance(),
                  plain.salt()),
              "hospital");
      job.app =
          (run, progress) -> {
            try {
              Files.write(
                  run.folder().resolve("../../out").normalize().resolve("summary.arrow"), table);
              return new AppRunner.AppExit(0, false);
            } catch (IOException e) {
              throw new AssertionError(e);
            }
          };
      job.start();
      assertThat(job.ended("insurer")).isTrue();
      assertThat(job.broker.outcomes.getFirst().verdict()).isEqualTo(GateVerdict.PASSED);
    }
  }
}
