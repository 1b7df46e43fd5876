package io.parley.broker;

import static io.parley.broker.TestBroker.refused;
import static io.parley.broker.TestConsortium.HOSPITAL;
import static io.parley.broker.TestConsortium.INSURER;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.parley.agreement.SignedAgreement;
import io.parley.proto.broker.v1.CreateJobRequest;
import io.parley.proto.broker.v1.Decision;
import io.parley.tlog.CheckpointFiles;
import io.parley.tlog.SignedCheckpoint;
import io.parley.wire.Reason;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a broker does when its disk fails while it serves. */
final class FailingDiskTest {
  private static final Duration WITHIN = Duration.ofSeconds(60);
  private static final int CALLS = 10;

  @TempDir Path folder;
  private final MutableTime time = new MutableTime(Instant.now());
  private Path made;
  private Path home;
  private TestConsortium consortium;
  private SignedAgreement signed;

  @BeforeEach
  void make() throws IOException {
    made = folder.resolve("made");
    home = folder.resolve("broker");
    consortium = TestBroker.create(made, time, "127.0.0.1:0");
    signed = consortium.sign(consortium.agreement("wards", 100), HOSPITAL, INSURER);
  }

  @Test
  void aDiskThatFillsReleasesNothingIsSaidOnceAndIsGoneOnWithOnceThereIsRoom() throws Exception {
    OwnDisk disk = OwnDisk.memory(made, home, "48m");
    assumeTrue(disk.works(), "no mount namespaces here: a full disk was not tried");
    List<Decision> decisions;
    SignedCheckpoint last;
    try (BrokerProcess process = BrokerProcess.startOn(disk, folder);
        CrashClient client = new CrashClient(process.address(), consortium, time)) {
      CreateJobRequest before = begin(client);
      Path filler = disk.fill(process);
      CreateJobRequest during = refuses(client, before);
      assertThat(lines(process, "broker.db is full (SQLITE_FULL)")).isEqualTo(1);

      Files.delete(filler);
      goesOn(client, before, during);
      assertThat(lines(process, "broker.db can be written again")).isEqualTo(1);
      assertThat(errors(process)).as(process.log()).isLessThanOrEqualTo(2);
      decisions = client.decisions();
      last = client.cosign(client.next(null));
      awaitFiled(disk.seenBy(process), decisions.size());
      copy(disk.seenBy(process), folder.resolve("after"));
    }
    try (BrokerProcess process = BrokerProcess.start(folder.resolve("after"), folder);
        CrashClient client = new CrashClient(process.address(), consortium, time)) {
      isWhole(client, decisions, last);
    }
  }

  @Test
  void aDiskThatTurnsReadOnlyReleasesNothingAndNothingIsLostOnceItIsMountedAgain()
      throws Exception {
    OwnDisk disk = ext4();
    List<Decision> decisions;
    SignedCheckpoint last;
    CreateJobRequest before;
    CreateJobRequest during;
    try (BrokerProcess process = BrokerProcess.startOn(disk, folder);
        CrashClient client = new CrashClient(process.address(), consortium, time)) {
      before = begin(client);
      last = client.cosign(client.next(null));
      decisions = client.decisions();
      disk.turnReadOnly(process);
      during = refuses(client, before);
      assertThat(lines(process, "broker.db cannot be written or read (SQLITE_IOERR")).isEqualTo(1);
      assertThat(errors(process)).as(process.log()).isLessThanOrEqualTo(2);
    }
    try (BrokerProcess process = BrokerProcess.startOn(disk, folder);
        CrashClient client = new CrashClient(process.address(), consortium, time)) {
      isWhole(client, decisions, last);
      goesOn(client, before, during);
    }
  }

  /** The database is open; files that would be new cannot be made. */
  @Test
  void filesOfTheLogThatCannotBeMadeAreOnceThatIsOverThoughNothingElseHappens() throws Exception {
    assumeTrue(DiskTest.has("setpriv"), "setpriv (util-linux) is not installed");
    try (BrokerProcess process = BrokerProcess.startPlain(made, folder);
        CrashClient client = new CrashClient(process.address(), consortium, time)) {
      CreateJobRequest before = begin(client);
      awaitFiled(made, client.decisions().size());
      permissions(made.resolve("log"), "r-x------");
      CreateJobRequest more = TestBroker.job(signed);
      assertThat(client.keys().createJob(more).getJobsStarted()).isEqualTo(2);
      await().atMost(WITHIN).until(() -> lines(process, "cannot be written, which is tried") > 0);
      goesOnWith(client, before, 3);
      int entries = client.decisions().size();

      // Longer than until it was tried again.
      Thread.sleep(Duration.ofMillis(2500));
      assertThat(lines(process, "cannot be written, which is tried")).isEqualTo(1);
      permissions(made.resolve("log"), "rwx------");
      awaitFiled(made, entries);
      await().atMost(WITHIN).until(() -> lines(process, "are written again") == 1);
    }
  }

  private OwnDisk ext4() throws InterruptedException {
    String untried =
        "no loop device here (that is root's): a disk that turns read-only was not tried";
    try {
      OwnDisk disk = OwnDisk.ext4(made, home, folder.resolve("disk.img"));
      assumeTrue(disk.works(), untried);
      return disk;
    } catch (IOException e) {
      assumeTrue(false, untried + ": " + e.getMessage());
      throw new AssertionError(e);
    }
  }

  private CreateJobRequest begin(CrashClient client) {
    client.present(null);
    client.propose(signed);
    CreateJobRequest job = TestBroker.job(signed);
    assertThat(client.keys().createJob(job).getJobsStarted()).isEqualTo(1);
    return job;
  }

  /** Nothing is counted and nothing released, and what is read is what it was. */
  private CreateJobRequest refuses(CrashClient client, CreateJobRequest before) {
    List<Decision> decisions = client.decisions();
    FakeEnclave enclave = new CrashLedger(signed, consortium).enclave(before);
    CreateJobRequest job = TestBroker.job(signed);
    for (int i = 0; i < CALLS; i++) {
      refused(Reason.STORE_FAILED, () -> client.keys().createJob(job));
      var evidence = enclave.evidence(client.challenge(before));
      refused(Reason.STORE_FAILED, () -> client.request(evidence));
    }
    assertThat(client.jobsStarted(signed)).isEqualTo(1);
    assertThat(client.decisions()).isEqualTo(decisions);
    return job;
  }

  private void goesOn(CrashClient client, CreateJobRequest before, CreateJobRequest during) {
    assertThat(client.keys().createJob(during).getJobsStarted()).isEqualTo(2);
    goesOnWith(client, before, 3);
  }

  private void goesOnWith(CrashClient client, CreateJobRequest before, int jobs) {
    client.request(
        new CrashLedger(signed, consortium).enclave(before).evidence(client.challenge(before)));
    assertThat(client.keys().createJob(TestBroker.job(signed)).getJobsStarted()).isEqualTo(jobs);
    List<Decision> all = client.decisions();
    assertThat(all)
        .extracting(Decision::getIndex)
        .isEqualTo(IntStream.range(0, all.size()).mapToObj(Long::valueOf).toList());
    assertThat(all)
        .extracting(Decision::getAction)
        .containsOnlyOnce("grant")
        .filteredOn("job"::equals)
        .hasSize(jobs);
  }

  private static void isWhole(
      CrashClient client, List<Decision> decisions, SignedCheckpoint witnessed) {
    client.present(witnessed);
    assertThat(client.decisions()).isEqualTo(decisions);
    assertThat(client.next(witnessed).head().size()).isGreaterThanOrEqualTo(decisions.size());
  }

  private void awaitFiled(Path at, int entries) {
    await()
        .atMost(WITHIN)
        .until(() ->
            CheckpointFiles.read(
                    at.resolve("log").resolve("checkpoint"),
                    consortium.chain().current().broker().signingKey())
                .filter(filed -> filed.head().size() >= entries)
                .isPresent());
  }

  private static long lines(BrokerProcess process, String with) throws IOException {
    return process.log().lines().filter(line -> line.contains(with)).count();
  }

  /** Lines of errors, and of where they came from. */
  private static long errors(BrokerProcess process) throws IOException {
    return lines(process, " ERROR ") + lines(process, "\tat ");
  }

  private static void permissions(Path log, String folders) throws IOException {
    try (var walk = Files.walk(log)) {
      for (Path path : walk.filter(Files::isDirectory).toList()) {
        Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(folders));
      }
    }
  }

  private static void copy(Path from, Path to) throws IOException {
    try (var files = Files.walk(from)) {
      for (Path file : files.toList()) {
        Files.copy(
            file,
            to.resolve(from.relativize(file).toString()),
            java.nio.file.StandardCopyOption.COPY_ATTRIBUTES);
      }
    }
  }
}
