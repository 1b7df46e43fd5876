package io.parley.shim;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.parley.agreement.Column;
import io.parley.agreement.ColumnType;
import io.parley.proto.broker.v1.DatasetUse;
import io.parley.proto.broker.v1.Receipt;
import io.parley.proto.broker.v1.ResultDigest;
import io.parley.proto.enclave.v1.Progress;
import io.parley.shim.arrow.TestTables;
import io.parley.shim.compute.AppRunner;
import io.parley.wire.ParleyException;
import io.parley.wire.Reason;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Jobs whose agreement has a chain. */
@Timeout(60)
class ChainJobTest {
  @TempDir Path folder;
  private ChainWorld world;

  @BeforeEach
  void world() throws IOException {
    world = new ChainWorld(folder);
  }

  private ParleyException failure() throws Exception {
    try (TestJob job = world.job().start()) {
      ParleyException failure = job.host("insurer").failure();
      assertThat(job.ended("insurer")).isFalse();
      assertThat(job.host("insurer").results).isEmpty();
      assertNothingIsLeft(job);
      return failure;
    }
  }

  private void assertNothingIsLeft(TestJob job) throws IOException {
    Folders folders = job.folders("insurer");
    for (Path place : List.of(folders.in(), folders.out(), folders.held())) {
      if (Files.exists(place)) {
        assertThat(place).isEmptyDirectory();
      }
    }
    assertThat(folders.scratch().getFirst()).isEmptyDirectory();
  }

  @Test
  void stepsRunOneAfterTheOtherAndOnlyResultsLeave() throws Exception {
    try (TestJob job = world.job().start()) {
      Receipt receipt = job.receipt("insurer");
      assertThat(world.ran).containsExactly("first", "second");
      assertThat(receipt.getInputsList().stream().map(DatasetUse::getDataset))
          .containsExactly("admissions", "claims");
      assertThat(receipt.getOutputsList().stream().map(ResultDigest::getResult))
          .containsExactly("report", "summary");
      assertThat(job.host("insurer").results.keySet())
          .containsExactlyInAnyOrder("report", "summary");
      assertThat(SealedResults.open(job, "report", "hospital")).isEqualTo("rows\n2\n");
      assertThat(SealedResults.open(job, "summary", "hospital")).isEqualTo("n\n2\n");
      assertNothingIsLeft(job);
      assertThat(job.host("insurer").progress.stream().map(Progress::getMessage))
          .anyMatch(message -> message.contains("step 2 of 2, 'sum'"));
    }
  }

  @Test
  void everyStepSeesItsOwnInputsAndNothingElse() throws Exception {
    Map<String, List<String>> inputs = new TreeMap<>();
    Map<String, String> parameters = new TreeMap<>();
    AtomicReference<List<?>> turned = new AtomicReference<>();
    world.programs.put(
        "first",
        run -> {
          inputs.put("first", run.inputs());
          parameters.put("first", Files.readString(run.in().resolve("params.json"), UTF_8));
          return ChainWorld.first(run);
        });
    world.programs.put(
        "second",
        run -> {
          inputs.put("second", run.inputs());
          parameters.put("second", Files.readString(run.in().resolve("params.json"), UTF_8));
          byte[] claims = Files.readAllBytes(run.in().resolve("claims.arrow"));
          turned.set(TestTables.lists(TestTables.rowsOfFile(claims)).subList(0, 2));
          return ChainWorld.second(run);
        });
    try (TestJob job = world.job().start()) {
      assertThat(job.ended("insurer")).isTrue();
    }
    assertThat(inputs)
        .containsEntry("first", List.of("admissions.arrow", "claims.arrow", "params.json"))
        .containsEntry("second", List.of("claims.arrow", "joined.arrow", "params.json"));
    assertThat(parameters.get("first"))
        .startsWith(
            "{\"parameters\":{\"from\":\"2026-01-01\"},\"types\":{\"from\":\"DATE\"},"
                + "\"datasets\":{\"admissions\":{},\"claims\":{}},"
                + "\"results\":[\"report\",\"joined\"],");
    assertThat(parameters.get("second"))
        .startsWith(
            "{\"parameters\":{\"how\":\"all\",\"query\":\"SELECT \\\"x\\\"\\u000a\"},"
                + "\"datasets\":{\"claims\":{},\"joined\":{}},\"results\":[\"summary\"],");
    // Amount first, and no other column: as the step asks for them.
    assertThat(turned.get()).isEqualTo(List.of(List.of(0.0, 0L), List.of(0.25, 2L)));
  }

  @Test
  void nothingPassesFromStepToStepButWhatWasAgreed() throws Exception {
    world.programs.put(
        "first",
        run -> {
          Files.writeString(run.tmp().resolve("word"), "x");
          Files.writeString(run.in().resolve("left"), "x");
          for (Path place : List.of(run.tmp(), run.in(), run.in().resolve("claims.arrow"))) {
            Files.setLastModifiedTime(place, FileTime.fromMillis(123));
          }
          return ChainWorld.first(run);
        });
    world.programs.put(
        "second",
        run -> {
          assertThat(run.tmp()).isEmptyDirectory();
          assertThat(run.in().resolve("left")).doesNotExist();
          for (Path place : List.of(run.tmp(), run.in(), run.in().resolve("claims.arrow"))) {
            assertThat(Files.getLastModifiedTime(place)).isNotEqualTo(FileTime.fromMillis(123));
          }
          assertThat(run.out()).isEmptyDirectory();
          try (Stream<Path> apps = Files.list(run.app().folder().getParent())) {
            assertThat(apps).containsExactly(run.app().folder());
          }
          return ChainWorld.second(run);
        });
    try (TestJob job = world.job().start()) {
      assertThat(job.ended("insurer")).isTrue();
    }
  }

  @Test
  void whatNoStepNeedsAnyMoreIsGoneAtOnce() throws Exception {
    try (TestJob job = world.job()) {
      Path held = job.folders("insurer").held();
      List<List<String>> seen = new ArrayList<>();
      ChainWorld.Program second = TestWorld.value(world.programs, "second");
      world.programs.put(
          "first",
          run -> {
            seen.add(names(held));
            return ChainWorld.first(run);
          });
      world.programs.put(
          "second",
          run -> {
            seen.add(names(held));
            return second.run(run);
          });
      job.start();
      assertThat(job.ended("insurer")).isTrue();
      // Admissions are the first step's only, and both inputs are the second's for the last time.
      assertThat(seen).containsExactly(List.of("claims.arrow"), List.of("results/report.csv"));
    }
  }

  private static List<String> names(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      return files
          .filter(Files::isRegularFile)
          .map(file -> folder.relativize(file).toString())
          .sorted()
          .toList();
    }
  }

  @Test
  void resultThatAStepMayNotWriteIsKeptBack() throws Exception {
    world.programs.put(
        "first",
        run -> {
          Files.writeString(run.out().resolve("summary.csv"), "n\n1\n");
          return ChainWorld.first(run);
        });
    ParleyException failure = failure();
    assertThat(failure.reason()).isEqualTo(Reason.OUTPUT_RULE);
    assertThat(failure.metadata()).containsEntry("step", "join");
    assertThat(world.ran).containsExactly("first");
  }

  @Test
  void intermediateOfALaterStepIsNotWrittenByAnother() throws Exception {
    world.programs.put(
        "second",
        run -> {
          run.write("joined.arrow", ChainWorld.JOINED, List.of());
          return ChainWorld.second(run);
        });
    ParleyException failure = failure();
    assertThat(failure.reason()).isEqualTo(Reason.OUTPUT_RULE);
    assertThat(failure.metadata()).containsEntry("step", "sum");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "type", "missing", "more", "nulls", "empty", "garbage", "link", "folder", "csv", "none"
      })
  void intermediateThatIsNotAsAgreedReachesNoStep(String how) throws Exception {
    Column patient = new Column("patient", ColumnType.BIGINT, true);
    Column amount = new Column("amount", ColumnType.DOUBLE, true);
    Column secret = new Column("secret 4711", ColumnType.BIGINT, true);
    world.programs.put(
        "first",
        run -> {
          AppRunner.AppExit exit = ChainWorld.first(run);
          Path joined = run.out().resolve("joined.arrow");
          Files.delete(joined);
          switch (how) {
            case "type" ->
                run.write(
                    "joined.arrow",
                    List.of(patient, new Column("amount", ColumnType.BIGINT, true)),
                    List.of(new @Nullable Object[][] {{1L, 1L}}));
            case "missing" ->
                run.write(
                    "joined.arrow", List.of(patient), List.of(new @Nullable Object[][] {{1L}}));
            case "more" ->
                run.write(
                    "joined.arrow",
                    List.of(patient, amount, secret),
                    List.of(new @Nullable Object[][] {{1L, 0.5, 1L}}));
            case "nulls" ->
                run.write(
                    "joined.arrow",
                    List.of(patient, amount),
                    List.of(new @Nullable Object[][] {{null, 0.5}}));
            case "empty" -> Files.write(joined, new byte[0]);
            case "garbage" -> Files.writeString(joined, "ARROW1\0\0secret 4711 ARROW1".repeat(9));
            case "link" -> Files.createSymbolicLink(joined, run.in().resolve("claims.arrow"));
            case "folder" -> Files.createDirectory(joined);
            case "csv" -> Files.writeString(run.out().resolve("joined.csv"), "patient,amount\n");
            default -> {}
          }
          return exit;
        });
    ParleyException failure = failure();
    assertThat(failure.reason()).isEqualTo(Reason.OUTPUT_RULE);
    assertThat(failure.metadata()).containsEntry("step", "join").containsEntry("output", "joined");
    assertThat(failure)
        .hasMessageContaining("step 'join': 'joined'")
        .hasMessageContaining("patient BIGINT NOT NULL, amount DOUBLE")
        .hasMessageNotContaining("4711");
    assertThat(world.ran).containsExactly("first");
  }

  @Test
  void columnsInAnotherOrderAreThoseThatWereAgreed() throws Exception {
    AtomicReference<List<?>> read = new AtomicReference<>();
    world.programs.put(
        "first",
        run -> {
          AppRunner.AppExit exit = ChainWorld.first(run);
          run.write(
              "joined.arrow",
              List.of(ChainWorld.JOINED.get(1), ChainWorld.JOINED.get(0)),
              List.of(new @Nullable Object[][] {{0.5, 7L}}));
          return exit;
        });
    world.programs.put(
        "second",
        run -> {
          byte[] joined = Files.readAllBytes(run.in().resolve("joined.arrow"));
          read.set(TestTables.lists(TestTables.rowsOfFile(joined)));
          return ChainWorld.second(run);
        });
    try (TestJob job = world.job().start()) {
      assertThat(job.ended("insurer")).isTrue();
    }
    assertThat(read.get()).isEqualTo(List.of(List.of(7L, 0.5)));
  }

  @Test
  void oneChangedByteInAnyStepIsMeasuredAndRefusedByTheBroker() throws Exception {
    for (int step = 1; step <= 2; step++) {
      Path changed = Files.createDirectories(folder.resolve("run-" + step));
      world = new ChainWorld(changed);
      try (TestJob job = world.job()) {
        Path app = changed.resolve("appsrc/" + step).resolve(step == 1 ? "first" : "second");
        byte[] bytes = Files.readAllBytes(app);
        bytes[0] ^= 1;
        Files.write(app, bytes);
        job.start();
        assertThat(job.host("insurer").failure().reason()).isEqualTo(Reason.EVIDENCE_APP_WRONG);
      }
      assertThat(world.ran).isEmpty();
    }
  }

  @Test
  void swappedAppsAreRefusedByTheBrokerAndByTheShim() throws Exception {
    for (boolean judged : new boolean[] {true, false}) {
      Path place = Files.createDirectories(folder.resolve("judged-" + judged));
      world = new ChainWorld(place);
      try (TestJob job = world.job()) {
        Path apps = place.resolve("appsrc");
        Files.move(apps.resolve("1"), apps.resolve("x"));
        Files.move(apps.resolve("2"), apps.resolve("1"));
        Files.move(apps.resolve("x"), apps.resolve("2"));
        job.broker.judgesApps = judged;
        job.start();
        assertThat(job.host("insurer").failure().reason())
            .isEqualTo(judged ? Reason.EVIDENCE_APP_WRONG : Reason.APP_DIGEST_WRONG);
      }
      assertThat(world.ran).isEmpty();
    }
  }

  @Test
  void appThatTheHostChangesAfterItWasMeasuredDoesNotRun() throws Exception {
    world.programs.put(
        "first",
        run -> {
          Files.writeString(folder.resolve("appsrc/2/second"), "other");
          return ChainWorld.first(run);
        });
    ParleyException failure = failure();
    assertThat(failure.reason()).isEqualTo(Reason.APP_DIGEST_WRONG);
    assertThat(failure.metadata()).containsEntry("step", "sum");
    assertThat(world.ran).containsExactly("first");
  }

  @Test
  void missingOrSuperfluousAppsAreToldBeforeTheBrokerIsAsked() throws Exception {
    try (TestJob job = world.job()) {
      Files.move(folder.resolve("appsrc/2"), folder.resolve("appsrc/none"));
      job.start();
      assertThat(job.host("insurer").failure())
          .hasMessageContaining("2 steps, and 1 apps")
          .extracting(failure -> failure.reason())
          .isEqualTo(Reason.APP_DIGEST_WRONG);
    }
    assertThat(world.ran).isEmpty();
  }

  @Test
  void severalAppsForOneAreRefused() throws Exception {
    try (TestJob job = TestJob.ofTwo(Files.createDirectories(folder.resolve("one")), 10)) {
      Path second = Files.createDirectories(folder.resolve("one/appsrc/2"));
      Files.writeString(second.resolve("app.yaml"), "name: x\ncommand: [x]\n");
      job.start();
      assertThat(job.host("insurer").failure().reason()).isEqualTo(Reason.APP_DIGEST_WRONG);
    }
  }

  @Test
  void stepThatFailsEndsTheJobUnderItsName() throws Exception {
    world.programs.put(
        "second",
        run -> {
          Files.writeString(
              run.out().resolve("error.json"),
              "{\"reason\":\"COLLINEAR\",\"message\":\"'x' says what others say\"}");
          return new AppRunner.AppExit(1, false);
        });
    ParleyException failure = failure();
    assertThat(failure.reason()).isEqualTo(Reason.APP_FAILED);
    assertThat(failure.metadata())
        .containsEntry("step", "sum")
        .containsEntry("app_reason", "COLLINEAR");
    assertThat(failure).hasMessageContaining("step 'sum': COLLINEAR");
  }

  @Test
  void crashInTheSecondStepLeavesNothing() throws Exception {
    world.programs.put(
        "second",
        run -> {
          Files.writeString(run.out().resolve("half.csv"), "x");
          return new AppRunner.AppExit(139, false);
        });
    assertThat(failure().metadata()).containsEntry("step", "sum").containsEntry("exit_code", "139");
  }

  @Test
  void outOfMemoryInAStepIsToldWithTheStep() throws Exception {
    world.programs.put("second", run -> new AppRunner.AppExit(137, true));
    ParleyException failure = failure();
    assertThat(failure.reason()).isEqualTo(Reason.MEMORY_LIMIT);
    assertThat(failure.metadata()).containsEntry("step", "sum");
  }

  @Test
  void intermediateThatDoesNotFitIntoTheEnclaveIsToldWithNeedAndLimit() throws Exception {
    world.programs.put(
        "first",
        run -> {
          AppRunner.AppExit exit = ChainWorld.first(run);
          List<@Nullable Object[]> rows = new ArrayList<>();
          for (long i = 0; i < 300_000; i++) {
            rows.add(new @Nullable Object[] {i, 0.5});
          }
          Files.write(
              run.out().resolve("joined.arrow"), TestTables.file(ChainWorld.JOINED, rows, 50_000));
          return exit;
        });
    try (TestJob job = world.job()) {
      // All but 3 MiB of the hosts' memory is this process's.
      job.ownBytes = (4L << 30) - (99L << 20);
      job.start();
      ParleyException failure = job.host("insurer").failure();
      assertThat(failure.reason()).isEqualTo(Reason.MEMORY_LIMIT);
      assertThat(failure.metadata())
          .containsEntry("step", "join")
          .containsKeys("need_bytes", "limit_bytes");
      assertThat(world.ran).containsExactly("first");
    }
  }

  @Test
  void jobsTimeIsThatOfAllSteps() throws Exception {
    List<Long> left = new ArrayList<>();
    for (String program : List.of("first", "second")) {
      ChainWorld.Program as = TestWorld.value(world.programs, program);
      world.programs.put(
          program,
          run -> {
            left.add(run.app().timeout().toNanos());
            return as.run(run);
          });
    }
    try (TestJob job = world.job().start()) {
      assertThat(job.ended("insurer")).isTrue();
    }
    assertThat(left.get(1)).isLessThan(left.get(0));
  }

  @Test
  void memoryOfWhatIsGoneIsTheNextStepsAgain() throws Exception {
    List<Long> shares = new ArrayList<>();
    for (String program : List.of("first", "second")) {
      ChainWorld.Program as = TestWorld.value(world.programs, program);
      world.programs.put(
          program,
          run -> {
            shares.add(run.app().memoryBytes());
            return as.run(run);
          });
    }
    try (TestJob job = world.job().start()) {
      assertThat(job.ended("insurer")).isTrue();
    }
    // A thousand admissions are gone, two joined rows came.
    assertThat(shares.get(1)).isGreaterThan(shares.get(0));
  }
}
