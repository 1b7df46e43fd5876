package io.parley.shim;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.parley.agreement.Dataset;
import io.parley.agreement.ResultRule;
import io.parley.agreement.SignedAgreement;
import io.parley.proto.broker.v1.DatasetUse;
import io.parley.proto.broker.v1.Receipt;
import io.parley.proto.broker.v1.ResultDigest;
import io.parley.proto.enclave.v1.Progress;
import io.parley.shim.arrow.TestTables;
import io.parley.shim.compute.AppRunner;
import io.parley.wire.Digest;
import io.parley.wire.ParleyException;
import io.parley.wire.Reason;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Jobs that go well, and those that fail by themselves. */
@Timeout(60)
class JobTest {
  @TempDir Path folder;

  @Test
  void twoPartiesComputeAndGetAReceipt() throws Exception {
    try (TestJob job = TestJob.ofTwo(folder, 10).start()) {
      assertThat(job.ended("hospital")).isTrue();
      assertThat(job.ended("insurer")).isTrue();

      assertThat(job.host("hospital").outcome().getSuccess().getReceipt()).isEmpty();
      Receipt receipt = job.receipt("insurer");
      assertThat(receipt.getInputsList().stream().map(DatasetUse::getDataset))
          .containsExactly("admissions", "claims");
      assertThat(receipt.getInputsList().stream().map(DatasetUse::getRows))
          .containsExactly(1000L, 500L);
      ResultDigest output = receipt.getOutputs(0);
      byte[] sealed = job.host("insurer").result("summary");
      assertThat(output.getSealedBytes()).isEqualTo(sealed.length);
      assertThat(output.getSealedSha256()).isEqualTo(Digest.of(sealed).value());
      assertThat(output.getRows()).isEqualTo(2);
      assertThat(SealedResults.open(job, "summary", "hospital"))
          .isEqualTo("dataset,rows\nadmissions.arrow,1000\nclaims.arrow,500\n");
      assertThat(SealedResults.open(job, "summary", "insurer")).startsWith("dataset,rows\n");
    }
  }

  @Test
  void theReceiptCommitsToSaltAndFileOfEachOwner() throws Exception {
    TestWorld world = new TestWorld("hospital", "insurer");
    ByteString salt = world.salt();
    byte[] admissions = TestJob.admissions(10);
    try (TestJob job = TestJob.ofTwo(folder, 10)) {
      job.startShim("hospital");
      job.startShim("insurer");
      job.host("hospital").start();
      job.host("insurer").start();
      job.host("hospital").give("admissions", admissions, salt);
      job.host("insurer").give("claims", TestJob.claims(10));

      assertThat(job.receipt("insurer").getInputs(0).getCommitment())
          .isEqualTo(Digest.of(salt.concat(ByteString.copyFrom(admissions))).value());
    }
  }

  @Test
  void theAppSeesExactlyTheAgreedRowsAndParameters() throws Exception {
    AtomicReference<List<?>> rows = new AtomicReference<>();
    AtomicReference<String> parameters = new AtomicReference<>();
    AtomicReference<AppRunner.AppRun> started = new AtomicReference<>();
    try (TestJob job = TestJob.ofTwo(folder, 10)) {
      job.app =
          (run, progress) -> {
            Path in = job.folders("insurer").in();
            rows.set(TestTables.lists(TestTables.rowsOfFile(read(in.resolve("admissions.arrow")))));
            parameters.set(new String(read(in.resolve("params.json")), UTF_8));
            started.set(run);
            return TestJob.countRows(run, progress);
          };
      job.start();

      assertThat(job.ended("insurer")).isTrue();
      assertThat(rows.get())
          .isEqualTo(TestTables.lists(TestTables.rowsOfFile(TestJob.admissions(1000))));
      assertThat(parameters.get())
          .startsWith(
              "{\"parameters\":{\"query\":\"SELECT \\\"x\\\"\\u000a\",\"since\":\"2026-01-01\"},"
                  + "\"types\":{\"since\":\"DATE\"},"
                  + "\"datasets\":{\"admissions\":{\"owner\":\"hospital\",\"columns\":[")
          .contains(
              "},\"results\":[\"summary\"],\"queries\":\"fixed\",\"rules\":{\"summary\":{}},"
                  + "\"memory_bytes\":")
          .endsWith(",\"threads\":2}");
      assertThat(started.get().command()).containsExactly("count", "rows");
      assertThat(started.get().folder()).isEqualTo(job.folders("insurer").app().resolve("1"));
      assertThat(started.get().memoryBytes()).isLessThan(4L << 30);
    }
  }

  @Test
  void nothingIsLeftInTheEnclave() throws Exception {
    try (TestJob job = TestJob.ofTwo(folder, 10).start()) {
      assertThat(job.ended("insurer")).isTrue();

      assertThat(job.folders("insurer").in()).isEmptyDirectory();
      assertThat(job.folders("insurer").out()).isEmptyDirectory();
    }
  }

  @Test
  void progressTellsPhasesAndCounts() throws Exception {
    try (TestJob job = TestJob.ofTwo(folder, 10).start()) {
      assertThat(job.ended("insurer")).isTrue();

      assertThat(job.host("insurer").progress.stream().map(Progress::getPhase).distinct())
          .containsSubsequence("test", "attest", "exchange", "compute", "release");
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 299, 300, 301, 20_000})
  void datasetsOfAnySizePass(int rows) throws Exception {
    try (TestJob job = TestJob.ofTwo(folder, 10)) {
      for (String party : List.of("hospital", "insurer")) {
        job.startShim(party);
        job.host(party).start();
      }
      job.host("hospital").give("admissions", TestJob.admissions(rows));
      job.host("insurer").give("claims", TestJob.claims(3));

      assertThat(job.receipt("insurer").getInputs(0).getRows()).isEqualTo(rows);
    }
  }

  @Test
  void threePartiesOfWhichTwoCompute() throws Exception {
    TestWorld world = new TestWorld("alpha", "beta", "gamma");
    SignedAgreement signed =
        world.agreement(
            TestJob.appDigest(folder),
            List.of(
                new Dataset("a", "alpha", TestWorld.CLAIMS, List.of("beta", "gamma")),
                new Dataset("b", "beta", TestWorld.CLAIMS, List.of("gamma")),
                new Dataset("c", "gamma", TestWorld.CLAIMS, List.of("beta"))),
            List.of("beta", "gamma"),
            List.of(new ResultRule("summary", List.of("alpha"), 100)));
    try (TestJob job = TestJob.of(world, signed, folder)) {
      for (String party : List.of("alpha", "beta", "gamma")) {
        job.startShim(party);
        job.host(party).start();
      }
      job.host("alpha").give("a", TestJob.claims(10));
      job.host("beta").give("b", TestJob.claims(20));
      job.host("gamma").give("c", TestJob.claims(30));

      for (String party : List.of("beta", "gamma")) {
        assertThat(job.receipt(party).getInputsList().stream().map(DatasetUse::getRows))
            .containsExactly(10L, 20L, 30L);
      }
      assertThat(job.ended("alpha")).isTrue();
    }
  }

  @Test
  void anEnclaveMayBeStartedBeforeItsJob() throws Exception {
    try (TestJob job = TestJob.ofTwo(folder, 10)) {
      job.startShim("hospital");
      job.startShim("insurer");
      Thread.sleep(300);
      job.host("hospital").start();
      job.host("insurer").start();
      job.giveDatasets();

      assertThat(job.ended("insurer")).isTrue();
    }
  }

  @Test
  void moreRowsThanAgreedAreKeptBack() throws Exception {
    try (TestJob job = TestJob.ofTwo(folder, 1).start()) {
      ParleyException failure = job.host("insurer").failure();

      assertThat(failure.reason()).isEqualTo(Reason.OUTPUT_RULE);
      assertThat(failure).hasMessageContaining("max_rows of 1");
      assertThat(job.host("insurer").results).isEmpty();
    }
  }

  @Test
  void aFileThatIsNoResultKeepsEverythingBack() throws Exception {
    try (TestJob job = TestJob.ofTwo(folder, 10)) {
      job.app =
          (run, progress) -> {
            write(job.folders("insurer").out().resolve("extra.csv"), "x");
            return TestJob.countRows(run, progress);
          };
      job.start();

      assertThat(job.host("insurer").failure().reason()).isEqualTo(Reason.OUTPUT_RULE);
      assertThat(job.host("insurer").results).isEmpty();
    }
  }

  @Test
  void anAppWithoutResultFails() throws Exception {
    try (TestJob job = TestJob.ofTwo(folder, 10)) {
      job.app = (run, progress) -> new AppRunner.AppExit(0, false);
      job.start();

      assertThat(job.host("insurer").failure())
          .extracting(ParleyException::reason)
          .isEqualTo(Reason.OUTPUT_RULE);
    }
  }

  @Test
  void anAppsReasonIsToldAndItsMessageOnlyForKnownReasons() throws Exception {
    try (TestJob job = TestJob.ofTwo(folder, 10)) {
      job.app =
          (run, progress) -> {
            write(
                job.folders("insurer").out().resolve("error.json"),
                "{\"reason\":\"CONVERSION_FAILED\",\"message\":\"patient 4711 has no ward\"}");
            return new AppRunner.AppExit(2, false);
          };
      job.start();

      ParleyException failure = job.host("insurer").failure();
      assertThat(failure.reason()).isEqualTo(Reason.APP_FAILED);
      assertThat(failure.metadata()).containsEntry("app_reason", "CONVERSION_FAILED");
      assertThat(failure.getMessage()).doesNotContain("4711");
      // The other party's enclave had done its part.
      assertThat(job.ended("hospital")).isTrue();
    }
  }

  @Test
  void anAppThatIsKilledForItsMemoryGivesMemoryLimit() throws Exception {
    try (TestJob job = TestJob.ofTwo(folder, 10)) {
      job.app = (run, progress) -> new AppRunner.AppExit(137, true);
      job.start();

      ParleyException failure = job.host("insurer").failure();
      assertThat(failure.reason()).isEqualTo(Reason.MEMORY_LIMIT);
      String limit = Long.toString(job.host("insurer").memoryLimitBytes);
      assertThat(failure.metadata())
          .containsEntry("limit_bytes", limit)
          .containsEntry("need_bytes", "more than " + limit);
    }
  }

  @Test
  void aDatasetThatDoesNotFitIsRefusedBeforeItsRowsCome() throws Exception {
    try (TestJob job = TestJob.ofTwo(folder, 10)) {
      job.host("insurer").memoryLimitBytes = job.ownBytes + (97L << 20);
      for (String party : List.of("hospital", "insurer")) {
        job.startShim(party);
        job.host(party).start();
      }
      job.host("hospital").give("admissions", TestJob.admissions(100_000));
      job.host("insurer").give("claims", TestJob.claims(3));

      ParleyException failure = job.host("insurer").failure();
      assertThat(failure.reason()).isEqualTo(Reason.MEMORY_LIMIT);
      assertThat(failure.metadata()).containsKeys("need_bytes", "limit_bytes");
      // The sender learns why.
      assertThat(job.host("hospital").failure().reason()).isEqualTo(Reason.MEMORY_LIMIT);
    }
  }

  @Test
  void aJobThatTakesTooLongEnds() throws Exception {
    try (TestJob job = TestJob.ofTwo(folder, 10)) {
      job.host("insurer").timeoutMillis = 1500;
      job.app =
          (run, progress) -> {
            try {
              Thread.sleep(60_000);
            } catch (InterruptedException e) {
              Thread.currentThread().interrupt();
            }
            return new AppRunner.AppExit(1, false);
          };
      job.start();

      assertThat(job.host("insurer").failure().reason()).isEqualTo(Reason.TIMEOUT);
      assertThat(job.ended("insurer")).isFalse();
    }
  }

  @Test
  void anotherAppIsMeasuredAsWhatItIsAndRefusedByTheBroker() throws Exception {
    try (TestJob job = TestJob.ofTwo(folder, 10)) {
      Files.write(TestJob.appFolder(folder).resolve("count"), new byte[] {1, 2, 4});
      job.start();

      assertThat(job.host("insurer").failure().reason()).isEqualTo(Reason.EVIDENCE_APP_WRONG);
    }
  }

  @Test
  void anotherAppDoesNotRunEvenWhenTheBrokerLetsItPass() throws Exception {
    try (TestJob job = TestJob.ofTwo(folder, 10)) {
      Files.write(TestJob.appFolder(folder).resolve("count"), new byte[] {1, 2, 4});
      job.broker.judgesApps = false;
      job.app =
          (run, progress) -> {
            throw new AssertionError("it ran");
          };
      job.start();

      ParleyException failure = job.host("insurer").failure();
      assertThat(failure.reason()).isEqualTo(Reason.APP_DIGEST_WRONG);
      assertThat(failure.metadata())
          .containsEntry("expected", job.signed.agreement().app().toString())
          .containsKey("seen");
    }
  }

  @Test
  void aFailureThatIsNotOursSaysNothing() throws Exception {
    try (TestJob job = TestJob.ofTwo(folder, 10)) {
      job.app =
          (run, progress) -> {
            throw new IllegalStateException("patient 4711");
          };
      job.start();

      ParleyException failure = job.host("insurer").failure();
      assertThat(failure.reason()).isEqualTo(Reason.INTERNAL);
      assertThat(failure.getMessage()).doesNotContain("4711");
    }
  }

  private static byte[] read(Path file) {
    try {
      return Files.readAllBytes(file);
    } catch (java.io.IOException e) {
      throw new AssertionError(e);
    }
  }

  private static void write(Path file, String text) {
    try {
      Files.writeString(file, text);
    } catch (java.io.IOException e) {
      throw new AssertionError(e);
    }
  }
}
