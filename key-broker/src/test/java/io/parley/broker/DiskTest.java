package io.parley.broker;

import static io.parley.broker.TestBroker.refused;
import static io.parley.broker.TestConsortium.HOSPITAL;
import static io.parley.broker.TestConsortium.INSURER;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.parley.agreement.SignedAgreement;
import io.parley.proto.broker.v1.CreateJobRequest;
import io.parley.proto.broker.v1.Decision;
import io.parley.tlog.CheckpointFiles;
import io.parley.wire.ParleyException;
import io.parley.wire.Reason;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a broker does when its disk is full, cannot be written, or gives back something else. */
final class DiskTest {
  private static final int FLIPS = Integer.getInteger("parley.disk.flips", 12);
  private static final long SEED = Long.getLong("parley.disk.seed", System.nanoTime());
  private static final Duration WITHIN = Duration.ofSeconds(60);

  @TempDir Path folder;

  @Test
  void aFullDiskIsSaidAndWhenThereIsRoomAgainTheCountGoesOn() throws Exception {
    assumeTrue(has("prlimit"), "prlimit (util-linux) is not installed");
    MutableTime time = new MutableTime(Instant.now());
    Path home = folder.resolve("broker");
    TestConsortium consortium = TestBroker.create(home, time, "127.0.0.1:0");
    SignedAgreement signed = consortium.sign(consortium.agreement("wards", 100), HOSPITAL, INSURER);
    try (BrokerProcess process = BrokerProcess.start(home, folder);
        CrashClient client = new CrashClient(process.address(), consortium, time)) {
      client.present(null);
      client.propose(signed);
      CreateJobRequest before = TestBroker.job(signed);
      assertThat(client.keys().createJob(before).getJobsStarted()).isEqualTo(1);

      // No file of this process may grow beyond one page: as a full disk to SQLite.
      limitFiles(process, "4096");
      CreateJobRequest during = TestBroker.job(signed);
      refused(Reason.STORE_FAILED, () -> client.keys().createJob(during));
      CrashLedger ledger = new CrashLedger(signed, consortium);
      FakeEnclave enclave = ledger.enclave(before);
      var evidence = enclave.evidence(client.challenge(before));
      refused(Reason.STORE_FAILED, () -> client.request(evidence));

      limitFiles(process, "unlimited");
      assertThat(client.keys().createJob(during).getJobsStarted()).isEqualTo(2);
      client.request(enclave.evidence(client.challenge(before)));
      assertThat(client.decisions())
          .extracting(Decision::getAction)
          .containsOnlyOnce("grant")
          .filteredOn("job"::equals)
          .hasSize(2);
      client.cosign(client.next(null));
    }
  }

  @Test
  void aFolderThatCannotBeWrittenIsNotServed() throws Exception {
    assumeTrue(has("setpriv"), "setpriv (util-linux) is not installed");
    Path home = folder.resolve("broker");
    TestBroker.create(home, new MutableTime(Instant.now()), "127.0.0.1:0");
    try (BrokerProcess process = BrokerProcess.startPlain(home, folder)) {
      assertThat(process.address()).isNotEmpty();
    }
    permissions(home, "r-x------", "r--------");
    try (BrokerProcess process = BrokerProcess.startPlain(home, folder)) {
      assertThat(process.exitCode(WITHIN)).isEqualTo(1);
      assertThat(process.log()).contains("IO_FAILED: cannot lock " + home);
    }
    permissions(home, "rwx------", "rw-------");
    try (BrokerProcess process = BrokerProcess.startPlain(home, folder)) {
      assertThat(process.address()).isNotEmpty();
    }
  }

  @Test
  void aTornEndOfTheDatabaseIsFoundOutWhenSomethingAcknowledgedWasInIt() throws Exception {
    Path home = folder.resolve("broker");
    try (TestBroker broker = TestBroker.start(home)) {
      SignedAgreement signed = broker.activate(100);
      for (int i = 0; i < 5; i++) {
        broker.startJob(signed);
      }
      awaitFiled(broker);
      Path wal = home.resolve("broker.db-wal");
      long size = Files.size(wal);

      // Half of a page that nobody was told of, as a power cut leaves it.
      Path longer = copy(home, "longer");
      try (RandomAccessFile file = new RandomAccessFile(wal(longer), "rw")) {
        file.seek(size);
        file.write(new byte[2000]);
      }
      assertThat(starts(longer, broker)).isNull();

      // Within what was acknowledged: SQLite itself would go on with what is left.
      for (long cut : new long[] {1, 2000, 4200, size / 2}) {
        Path shorter = copy(home, "shorter-" + cut);
        try (RandomAccessFile file = new RandomAccessFile(wal(shorter), "rw")) {
          file.setLength(size - cut);
        }
        ParleyException refusal =
            Objects.requireNonNull(starts(shorter, broker), cut + " bytes less");
        assertThat(refusal.reason()).isIn(Reason.LOG_FORKED, Reason.STORE_FAILED);
        assertThat(refusal).hasMessageContaining("broker.db");
      }
    }
  }

  /** Whatever bit it is: it is found out, or nothing that the broker says or gives has changed. */
  @Test
  void aFlippedBitIsFoundOutOrChangesNothing() throws Exception {
    Random random = new Random(SEED);
    try (TestBroker broker = TestBroker.start(folder.resolve("broker"))) {
      SignedAgreement signed = broker.activate(100);
      for (int i = 0; i < 5; i++) {
        broker.startJob(signed);
      }
      CreateJobRequest job = broker.startJob(signed);
      List<Decision> before = broker.decisions(INSURER);
      Path database = broker.home().database();
      int found = 0;
      for (int i = 0; i < FLIPS; i++) {
        broker.close();
        byte[] whole = Files.readAllBytes(database);
        int at = used(whole, random);
        byte mask = (byte) (1 << random.nextInt(Byte.SIZE));
        flip(database, at, mask);
        if (refusesOrIsUnchanged(broker, before, job, "byte %d, seed %d".formatted(at, SEED))) {
          found++;
        }
        broker.close();
        Files.write(database, whole);
        broker.restart();
        before = broker.decisions(INSURER);
      }
      System.err.println("flipped bits found at start: " + found + " of " + FLIPS);
    }
  }

  /** A byte that says something: most of a small database is room for more. */
  private static int used(byte[] whole, Random random) {
    while (true) {
      int at = random.nextInt(whole.length);
      if (whole[at] != 0) {
        return at;
      }
    }
  }

  /** Whether it refuses to start. */
  private static boolean refusesOrIsUnchanged(
      TestBroker broker, List<Decision> before, CreateJobRequest job, String as) {
    try {
      broker.restart();
    } catch (ParleyException e) {
      assertThat(e.reason())
          .as(as)
          .isIn(Reason.STORE_FAILED, Reason.LOG_FORKED, Reason.KEY_VAULT_FAILED);
      assertThat(e.getMessage()).as(as).isNotBlank();
      return true;
    }
    assertThat(broker.decisions(INSURER)).as(as).isEqualTo(before);
    assertThat(broker.challenge(job, INSURER).size()).as(as).isEqualTo(32);
    return false;
  }

  private @Nullable ParleyException starts(Path home, TestBroker broker) {
    return catchThrowableOfType(
        ParleyException.class,
        () ->
            new BrokerWiring(broker.time(), broker.time()::nanoTime, new SecureRandom())
                .start(home)
                .close());
  }

  /** Until the log's files have the newest checkpoint. */
  private static void awaitFiled(TestBroker broker) {
    int entries = broker.decisions(HOSPITAL).size();
    await()
        .atMost(WITHIN)
        .until(() ->
            CheckpointFiles.read(
                    broker.home().log().resolve("checkpoint"),
                    broker.consortium().chain().current().broker().signingKey())
                .filter(filed -> filed.head().size() >= entries)
                .isPresent());
  }

  private Path copy(Path home, String name) throws IOException {
    Path copy = folder.resolve(name);
    try (var files = Files.walk(home)) {
      for (Path file : files.toList()) {
        Files.copy(
            file,
            copy.resolve(home.relativize(file).toString()),
            java.nio.file.StandardCopyOption.COPY_ATTRIBUTES);
      }
    }
    return copy;
  }

  private static java.io.File wal(Path home) {
    return home.resolve("broker.db-wal").toFile();
  }

  private static void flip(Path file, long at, byte mask) throws IOException {
    try (RandomAccessFile open = new RandomAccessFile(file.toFile(), "rw")) {
      open.seek(at);
      int value = open.read();
      open.seek(at);
      open.write(value ^ mask);
    }
  }

  private static void limitFiles(BrokerProcess process, String bytes) throws Exception {
    run("prlimit", "--pid", Long.toString(process.pid()), "--fsize=" + bytes + ":unlimited");
  }

  private static void permissions(Path folder, String folders, String files) throws IOException {
    List<Path> all;
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwx------"));
    try (var walk = Files.walk(folder)) {
      all = walk.toList().reversed();
    }
    for (Path path : all) {
      Files.setPosixFilePermissions(
          path, PosixFilePermissions.fromString(Files.isDirectory(path) ? folders : files));
    }
  }

  static boolean has(String command) {
    return List.of(System.getenv("PATH").split(":")).stream()
        .anyMatch(each -> Files.isExecutable(Path.of(each, command)));
  }

  private static void run(String... command) throws Exception {
    Process process = new ProcessBuilder(command).inheritIO().start();
    assertThat(process.waitFor(10, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).as(String.join(" ", command)).isZero();
  }
}
