package io.parley.shim;

import static org.assertj.core.api.Assertions.assertThat;

import io.parley.agreement.Dataset;
import io.parley.agreement.ResultRule;
import io.parley.agreement.Shape;
import io.parley.agreement.SignedAgreement;
import io.parley.agreement.Usage;
import io.parley.proto.broker.v1.AnswerRecord;
import io.parley.shim.answers.IdentitiesFile;
import io.parley.shim.compute.AppRunner;
import io.parley.wire.EnvironmentException;
import io.parley.wire.Reason;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Jobs whose answers are compared, of which whatever is heard is part of the answer. */
@Timeout(60)
class ComparedJobTest {
  private static final String ADMISSIONS = "admissions";

  @TempDir Path folder;
  private int jobs;

  @Test
  void anAppThatFailsOnItsRowsIsOnRecord() throws Exception {
    try (TestJob job = job()) {
      run(job, 100, new AppRunner.AppExit(2, false));

      assertThat(job.host("insurer").failure().reason()).isEqualTo(Reason.APP_FAILED);
      assertThat(job.broker.answers.records.get(ADMISSIONS)).hasSize(1);
    }
  }

  @Test
  void anAppThatFailsBeforeItTellsWhoseRowsTheyAreIsNot() throws Exception {
    try (TestJob job = job()) {
      run(job, 0, new AppRunner.AppExit(2, false));

      assertThat(job.host("insurer").failure().reason()).isEqualTo(Reason.APP_FAILED);
      assertThat(job.broker.answers.records).isEmpty();
    }
  }

  /** Whoever ends it then, it is there. */
  @Test
  void anAppThatStillRunsIsOnRecordAndItsTimeoutIsHeardOf() throws Exception {
    try (TestJob job = job()) {
      job.app =
          (run, progress) -> {
            IdentitiesFile.write(job.folders("insurer").out(), ADMISSIONS, 0, 100);
            awaitRecord(job);
            throw new EnvironmentException(Reason.TIMEOUT, "the app did not end");
          };
      job.start();

      assertThat(job.host("insurer").failure().reason()).isEqualTo(Reason.TIMEOUT);
      assertThat(job.broker.answers.records.get(ADMISSIONS)).hasSize(1);
    }
  }

  @Test
  void aTimeoutBeforeAnythingIsToldLeavesNoRecord() throws Exception {
    try (TestJob job = job()) {
      job.app =
          (run, progress) -> {
            throw new EnvironmentException(Reason.TIMEOUT, "the app did not end");
          };
      job.start();

      assertThat(job.host("insurer").failure().reason()).isEqualTo(Reason.TIMEOUT);
      assertThat(job.broker.answers.records).isEmpty();
    }
  }

  /** How long it takes with the rows that it must not tell about would tell about them. */
  @Test
  void anAppWhoseAnswerMayNotBeToldIsStopped() throws Exception {
    try (TestJob first = job()) {
      run(first, 100, new AppRunner.AppExit(0, false));
      assertThat(first.ended("insurer")).isTrue();
      try (TestJob job = after(first)) {
        job.app =
            (run, progress) -> {
              IdentitiesFile.write(job.folders("insurer").out(), ADMISSIONS, 0, 99);
              try {
                Thread.sleep(Duration.ofMinutes(5));
                throw new AssertionError("it was not stopped");
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new EnvironmentException(Reason.CANCELLED, "the app was stopped");
              }
            };
        job.start();

        assertThat(job.host("insurer").failure().reason()).isEqualTo(Reason.RULE_OVERLAP);
        assertThat(job.broker.answers.records.get(ADMISSIONS)).hasSize(1);
      }
    }
  }

  @Test
  void whetherItFailedIsNotToldWhenItsAnswerWouldNotBe() throws Exception {
    try (TestJob first = job()) {
      run(first, 100, new AppRunner.AppExit(0, false));
      assertThat(first.ended("insurer")).isTrue();
      for (int code : List.of(0, 2)) {
        try (TestJob job = after(first)) {
          run(job, 99, new AppRunner.AppExit(code, false));

          assertThat(job.host("insurer").failure().reason()).isEqualTo(Reason.RULE_OVERLAP);
          assertThat(job.broker.answers.records.get(ADMISSIONS)).hasSize(1);
        }
      }
    }
  }

  /** How many rows there are is part of the answer too. */
  @Test
  void anAnswerOfTooManyRowsIsComparedFirst() throws Exception {
    try (TestJob first = job()) {
      run(first, 100, new AppRunner.AppExit(0, false));
      assertThat(first.ended("insurer")).isTrue();
      try (TestJob job = after(first)) {
        rows = 11;
        run(job, 99, new AppRunner.AppExit(0, false));

        assertThat(job.host("insurer").failure().reason()).isEqualTo(Reason.RULE_OVERLAP);
      }
    }
  }

  private static void awaitRecord(TestJob job) {
    long end = System.nanoTime() + Duration.ofSeconds(20).toNanos();
    while (job.broker.answers.records.getOrDefault(ADMISSIONS, List.of()).isEmpty()) {
      if (System.nanoTime() - end > 0) {
        throw new AssertionError("it is not on record while the app runs");
      }
      Thread.onSpinWait();
    }
  }

  private int rows = 1;

  private TestJob job() throws IOException {
    Files.writeString(
        TestJob.appFolder(folder).resolve("app.yaml"),
        "name: rows\ncommand: [count]\nenforces: [rules]\n");
    TestWorld world = new TestWorld("hospital", "insurer");
    Usage usage =
        new Usage(List.of(), List.of(), new TreeMap<>(), List.of("ward"), List.of(), "patient");
    SignedAgreement signed =
        world.agreement(
            TestJob.appDigest(folder),
            List.of(
                new Dataset(
                    ADMISSIONS, "hospital", TestWorld.ADMISSIONS, List.of("insurer"), usage),
                new Dataset("claims", "insurer", TestWorld.CLAIMS, List.of())),
            List.of("insurer"),
            List.of(
                new ResultRule(
                    "summary",
                    List.of("hospital", "insurer"),
                    10,
                    new Shape(10, new TreeMap<>(), List.of()))));
    return TestJob.of(world, signed, folder);
  }

  /** Under the same agreement, with the broker's memory. */
  private TestJob after(TestJob first) throws IOException {
    Path app = folder.resolve("job" + jobs++);
    Files.createDirectories(app.resolve("appsrc/1"));
    for (String file : List.of("app.yaml", "count")) {
      Files.copy(TestJob.appFolder(folder).resolve(file), app.resolve("appsrc/1").resolve(file));
    }
    TestJob job = TestJob.of(first.world, first.signed, app);
    job.broker.dataKeys.putAll(first.broker.dataKeys);
    List<AnswerRecord> before = first.broker.answers.records.getOrDefault(ADMISSIONS, List.of());
    job.broker.answers.records.put(ADMISSIONS, new ArrayList<>(before));
    return job;
  }

  /**
   * @param people whose rows are in its answer; 0: it does not come so far
   */
  private void run(TestJob job, long people, AppRunner.AppExit exit) throws IOException {
    job.app =
        (run, progress) -> {
          Path out = job.folders("insurer").out();
          if (people > 0) {
            IdentitiesFile.write(out, ADMISSIONS, 0, people);
          }
          try {
            Files.writeString(out.resolve("summary.csv"), "n\n" + "1\n".repeat(rows));
          } catch (IOException e) {
            throw new AssertionError(e);
          }
          return exit;
        };
    job.start();
  }
}
