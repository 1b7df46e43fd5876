package io.parley.shim;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.parley.agreement.Gate;
import io.parley.agreement.ResultRule;
import io.parley.agreement.SignedAgreement;
import io.parley.gate.BearingColumns;
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
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.UnaryOperator;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Jobs in which the app has a gate of the hospital's to pass. */
@Timeout(60)
class GateJobTest {
  private static final List<String> INPUTS = List.of("admissions.arrow", "claims.arrow");

  private static final Map<String, List<String>> ALL =
      Map.of("admissions", List.of("patient", "ward"), "claims", List.of("patient", "amount"));

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
    return set(
        signed,
        inputs(admissions),
        2,
        ExpectedColumn.of("dataset", Tolerance.EXACT, new ArrayList<@Nullable String>(INPUTS)),
        ExpectedColumn.of("rows", new Tolerance(0.5, 0), new ArrayList<@Nullable String>(rows)));
  }

  private VerificationSet set(
      SignedAgreement signed,
      List<VerificationTable> inputs,
      int expectedRows,
      ExpectedColumn... expected) {
    return new VerificationSet(
        signed.digest(),
        "hospital",
        "small",
        signed.agreement().app(),
        new TreeMap<>(Map.of("since", "1999-12-31")),
        inputs,
        List.of(new ExpectedResult("summary", false, false, List.of(expected), expectedRows)),
        allowance,
        world.salt());
  }

  private static List<VerificationTable> inputs(VerificationTable admissions) {
    return List.of(admissions, table("claims", 2, TestJob.claims(2)));
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
      job.broker.gate =
          sign(
              set(
                  job.signed,
                  inputs(table("admissions", 3, TestJob.admissions(3))),
                  2,
                  ExpectedColumn.of("patient", Tolerance.EXACT, List.of("3", "7.0")),
                  ExpectedColumn.of("amount", Tolerance.EXACT, List.of("0.0010", "25e-2"))),
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

  /** What an app may make of the two tables. */
  private interface Use {
    long of(List<@Nullable Object[]> admissions, List<@Nullable Object[]> claims);
  }

  private static List<@Nullable Object[]> rows(Path in, String name) throws IOException {
    return TestTables.rowsOfFile(Files.readAllBytes(in.resolve(name)));
  }

  private static AppRunner.AppExit use(AppRunner.AppRun run, Use use) {
    Path in = run.folder().resolve("../../in").normalize();
    try {
      long result = use.of(rows(in, "admissions.arrow"), rows(in, "claims.arrow"));
      return write(run, "n\n%d\n".formatted(result));
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  /** On forty made-up rows of each table. */
  private List<Finding> used(
      Map<String, List<String>> columns, AppRunner app, String expected, GateVerdict verdict)
      throws Exception {
    TreeMap<String, SortedSet<String>> bearing = new TreeMap<>();
    columns.forEach((table, names) -> bearing.put(table, new TreeSet<>(names)));
    allowance = new GateAllowance(false, 0, Duration.ofMinutes(1), new BearingColumns(bearing));
    try (TestJob job = job()) {
      job.broker.gate =
          sign(
              set(
                  job.signed,
                  List.of(
                      table("admissions", 40, TestJob.admissions(40)),
                      table("claims", 40, TestJob.claims(40))),
                  1,
                  ExpectedColumn.of("n", Tolerance.EXACT, List.of(expected))),
              "hospital");
      job.app = app;
      job.host("insurer").timeoutMillis = 1_000_000;
      job.start();
      assertThat(job.ended("insurer")).isEqualTo(verdict == GateVerdict.PASSED);
      return findings(job, verdict);
    }
  }

  private static long sum(List<@Nullable Object[]> rows, int column) {
    return rows.stream()
        .mapToLong(row -> row[column] instanceof Number number ? number.longValue() : 0)
        .sum();
  }

  private static long patient(@Nullable Object[] row) {
    return row[0] instanceof Long patient ? patient : -1;
  }

  /** Another for almost every other list. */
  private static long asNumber(LongStream list) {
    return list.reduce(7, (number, next) -> number * 31 + next);
  }

  @Test
  void aColumnThatMayNotBearOnResultsIsFoundByItsInfluence() throws Exception {
    Map<String, Use> uses =
        Map.of(
            "780",
            (admissions, claims) -> sum(admissions, 0),
            "40",
            (admissions, claims) ->
                admissions.stream().map(GateJobTest::patient).distinct().count(),
            // Which place each row has in order of its patient.
            Long.toString(asNumber(LongStream.range(0, 40))),
            (admissions, claims) -> {
              List<Long> sorted = admissions.stream().map(GateJobTest::patient).sorted().toList();
              return asNumber(admissions.stream().mapToLong(row -> sorted.indexOf(patient(row))));
            },
            // Which rows have claims.
            Long.toString(asNumber(LongStream.iterate(0, row -> row < 40, row -> row + 2))),
            (admissions, claims) -> {
              List<Long> claimed = claims.stream().map(GateJobTest::patient).toList();
              return asNumber(
                  LongStream.range(0, 40)
                      .filter(row -> claimed.contains(patient(admissions.get((int) row)))));
            });
    for (Map.Entry<String, Use> use : uses.entrySet()) {
      AppRunner app = (run, progress) -> use(run, use.getValue());
      assertThat(used(Map.of(), app, use.getKey(), GateVerdict.PASSED)).isEmpty();
      assertThat(used(ALL, app, use.getKey(), GateVerdict.PASSED)).isEmpty();
      Finding finding =
          used(Map.of("admissions", List.of("ward")), app, use.getKey(), GateVerdict.ATTEMPTED)
              .getFirst();
      assertThat(finding.what()).isEqualTo("columns admissions: patient");
      assertThat(finding.expected()).isEqualTo("results that do not depend on them");
      assertThat(finding.seen())
          .startsWith("another result: result summary, row 1, column n: ")
          .endsWith(", not " + use.getKey());
    }
  }

  @Test
  void whatAnAppOnlyReadsIsNoInfluence() throws Exception {
    List<List<Path>> left = new CopyOnWriteArrayList<>();
    List<Long> sums = new CopyOnWriteArrayList<>();
    AppRunner app =
        (run, progress) -> {
          Path out = run.folder().resolve("../../out").normalize();
          try (var files = Files.list(out)) {
            left.add(files.toList());
          } catch (IOException e) {
            throw new AssertionError(e);
          }
          return use(
              run,
              (admissions, claims) -> {
                sums.add(sum(admissions, 0));
                return claims.size() + sum(claims, 0);
              });
        };
    assertThat(
            used(
                Map.of("admissions", List.of(), "claims", List.of("patient")),
                app,
                "1600",
                GateVerdict.PASSED))
        .isEmpty();
    // Drawn values, and after them the real rows.
    assertThat(sums).hasSize(3).doesNotHaveDuplicates();
    assertThat(left).allMatch(List::isEmpty);
  }

  @Test
  void anAppThatFailsOrTriesSomethingOnDrawnValuesIsFound() throws Exception {
    Map<String, List<String>> columns = Map.of("admissions", List.of(), "claims", List.of());
    AppRunner fails =
        (run, progress) -> {
          AppRunner.AppExit exit = use(run, (admissions, claims) -> sum(admissions, 0));
          return rows(run, "admissions").contains(39L) ? exit : new AppRunner.AppExit(3, false);
        };
    assertThat(used(columns, fails, "780", GateVerdict.ATTEMPTED))
        .singleElement()
        .satisfies(finding -> {
          assertThat(finding.what())
              .isEqualTo("columns admissions: patient, ward; claims: patient, amount");
          assertThat(finding.seen()).startsWith("the app failed: ").contains("code 3");
        });
    AppRunner tries =
        (run, progress) -> {
          AppRunner.AppExit exit = use(run, (admissions, claims) -> admissions.size());
          return rows(run, "admissions").contains(39L)
              ? exit
              : new AppRunner.AppExit(
                  0,
                  false,
                  new AppRunner.Observed(7, 0, List.of(new AppRunner.Attempt("file", "/private"))));
        };
    assertThat(used(columns, tries, "40", GateVerdict.ATTEMPTED))
        .singleElement()
        .satisfies(finding -> assertThat(finding.seen()).isEqualTo("an attempt: file: /private"));
  }

  private static List<Long> rows(AppRunner.AppRun run, String table) {
    try {
      return rows(run.folder().resolve("../../in").normalize(), table + ".arrow").stream()
          .map(GateJobTest::patient)
          .toList();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void theTimeOfASetIsForBothRuns() throws Exception {
    List<Duration> times = new CopyOnWriteArrayList<>();
    AppRunner app =
        (run, progress) -> {
          times.add(run.timeout());
          if (times.size() == 2) {
            throw new EnvironmentException(Reason.TIMEOUT, "the app did not end");
          }
          return use(run, (admissions, claims) -> admissions.size());
        };
    assertThat(used(Map.of("admissions", List.of()), app, "40", GateVerdict.LIMIT))
        .singleElement()
        .satisfies(finding -> assertThat(finding.expected()).isEqualTo("at most 60000 ms"));
    assertThat(times).hasSize(2);
    assertThat(times.getLast()).isLessThan(times.getFirst());
  }
}
