package io.parley.peer.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.parley.identity.BrokerIdentity;
import io.parley.peer.witness.FakeLog;
import io.parley.peer.witness.LogWitness;
import io.parley.proto.broker.v1.Decision;
import io.parley.proto.broker.v1.LogEntry;
import io.parley.proto.broker.v1.ReadableEntry;
import io.parley.tlog.InclusionProof;
import io.parley.tlog.Tiles;
import io.parley.wire.Digest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What the commands say of a log as files; no node and no broker runs. */
class LogCommandsTest {
  private static final SecureRandom RANDOM = new SecureRandom();
  private static final String JOB = "5b1e77aa" + "0".repeat(24);
  private static final String OTHER = "5b1e77ab" + "0".repeat(24);

  /** Two full tiles of leaves and one of 88: there is a level above them. */
  private static final int SIZE = 600;

  /** The job's; entry 3 would be, too, and is somebody else's to read. */
  private static final List<Integer> OF_JOB = List.of(1, 6, 256, 511, 599);

  @TempDir Path folder;
  private final BrokerIdentity broker = BrokerIdentity.generate("broker", Instant::now, RANDOM);
  private final FakeLog log = new FakeLog(broker.signingKey());

  @BeforeEach
  void export() throws IOException {
    grow(SIZE);
    List<Digest> leaves = log.leaves();
    LogExport export = new LogExport(dir());
    for (int at = 0; at < SIZE; at++) {
      ReadableEntry.Builder entry =
          ReadableEntry.newBuilder().setIndex(at).setLeafHash(leaves.get(at).value());
      if (at % 3 != 0 || OF_JOB.contains(at)) {
        entry.setEntry(log.entries().get(at));
      }
      export.entry(entry.build());
    }
    export.finish(log.signed());
  }

  @Test
  void whatIsReadableIsShownAndWhatIsNotIsSaid() {
    Captured all = offline("show", "--output", "json").ok();
    List<String> rows = all.out().lines().filter(row -> row.startsWith("{")).toList();
    assertThat(rows).hasSize(401);
    assertThat(rows.getFirst())
        .contains("\"index\":1,", "\"action\":\"job\"", "\"job\":\"" + JOB + "\"")
        .contains("\"leaf\":\"" + log.leaves().get(1).hex() + "\"");
    assertThat(all.err()).contains("Of its 600 entries 401 are here");

    Captured ofJob = offline("show", "--job", "5b1e77aa", "--output", "csv").ok();
    assertThat(ofJob.out().lines().skip(1).map(line -> line.split(",", -1)[0]))
        .containsExactly("1", "6", "256", "511", "599");
  }

  @Test
  void everyEntryOfAJobIsProvedAsTheBrokerDoes() throws IOException {
    Path file = folder.resolve("job.tlog-proof");
    Captured run = offline("prove", "5b1e77aa", "-o", file.toString()).ok();
    assertThat(run.err()).contains("Good: 5 entries are in the log that the broker signed.");
    assertThat(ProofFile.split(ByteString.copyFrom(Files.readAllBytes(file))))
        .isEqualTo(OF_JOB.stream().map(at -> log.prove(at, log.signed())).toList());
    assertThat(run("verify", file.toString(), "--broker", line()).ok().out()).isEqualTo(run.out());

    byte[] proof = Files.readAllBytes(file);
    proof[InclusionProof.FIRST_LINE.length() + 20] ^= 1;
    Files.write(file, proof);
    assertThat(run("verify", file.toString(), "--broker", line()).code())
        .isEqualTo(ExitCode.REFUSED);
  }

  @Test
  void theHomeKnowsItsBrokerAndMayHaveCosignedMoreSince() throws IOException {
    Path home = home();
    assertThat(Captured.run(home, "log", "show", "--dir", dir().toString()).ok().err())
        .contains("No node here has cosigned anything");
    LogWitness witness =
        new LogWitness(
            "hospital",
            broker.signingKey(),
            home.resolve("state"),
            () -> broker.signingKey().verifyingKey(),
            log,
            () -> Instant.EPOCH);
    witness.round();
    assertThat(Captured.run(home, "log", "prove", JOB, "--dir", dir().toString()).ok().err())
        .contains("it begins with what this home's node cosigned");
    grow(1);
    witness.round();
    assertThat(Captured.run(home, "log", "show", "--dir", dir().toString()).ok().err())
        .contains("Not checked: whether the longer one");
  }

  @Test
  void aJobWithoutEntriesIsNotFound() throws IOException {
    for (String job : List.of("5b1e77ac", "5b1e77ac" + "0".repeat(24))) {
      assertFails(ExitCode.BAD_INPUT, "JOB_NOT_FOUND", "show", "--job", job);
      assertFails(ExitCode.BAD_INPUT, "JOB_NOT_FOUND", "prove", job);
    }
    assertFails(ExitCode.BAD_INPUT, "INVALID_REQUEST", "prove", "5b1e");
    // What is not there cannot be proved, and what is there still can.
    for (int at : OF_JOB.subList(1, OF_JOB.size())) {
      Files.delete(entry(at));
    }
    assertThat(offline("prove", JOB).ok().err())
        .contains("Of its 600 entries 397 are here", "Good: 1 entries");
    Files.delete(entry(1));
    assertFails(ExitCode.BAD_INPUT, "JOB_NOT_FOUND", "prove", JOB);
  }

  @Test
  void ofALogThatIsNotWholeNothingIsShown() throws IOException {
    List<Path> files =
        List.of(
            entry(599),
            dir().resolve(Tiles.CHECKPOINT),
            dir().resolve(Tiles.path(0, 0, 256)),
            dir().resolve(Tiles.path(0, 2, 88)));
    for (Path file : files) {
      byte[] whole = Files.readAllBytes(file);
      byte[] flipped = whole.clone();
      flipped[whole.length / 2] ^= 1;
      for (byte[] wrong :
          List.of(
              flipped, Arrays.copyOf(whole, whole.length - 1), new byte[0], new byte[1 << 20])) {
        Files.write(file, wrong);
        assertEachRefuses("");
      }
      Files.write(file, whole);
    }
    offline("show").ok();
    Files.delete(dir().resolve(Tiles.path(0, 1, 256)));
    assertEachRefuses("001 is missing");
    Files.delete(dir().resolve(Tiles.CHECKPOINT));
    assertEachRefuses("checkpoint is missing");
  }

  @Test
  void theBrokersOwnFolderHasAllEntriesInBundles() throws IOException {
    Path last = dir().resolve(Tiles.entriesPath(2, 88));
    for (int number = 0; number < 3; number++) {
      int end = Math.min(SIZE, (number + 1) * Tiles.WIDTH);
      List<ByteString> entries = log.entries().subList(number * Tiles.WIDTH, end);
      Path bundle = dir().resolve(Tiles.entriesPath(number, entries.size()));
      Files.createDirectories(bundle.getParent());
      Files.write(bundle, Tiles.encodeEntries(entries).toByteArray());
    }
    Captured all = offline("show", "--output", "csv").ok();
    assertThat(all.out().lines()).hasSize(1 + SIZE);
    assertThat(all.err()).doesNotContain("are here");
    assertThat(offline("prove", JOB).ok().err()).contains("Good: 6 entries");

    List<ByteString> entries = new ArrayList<>(log.entries().subList(512, SIZE));
    entries.set(7, ByteString.EMPTY);
    Files.write(last, Tiles.encodeEntries(entries).toByteArray());
    assertEachRefuses("88 is damaged");
  }

  @Test
  void anotherBrokersLogIsRefused() {
    String other =
        BrokerLine.of(
            BrokerIdentity.generate("broker", Instant::now, RANDOM).broker("localhost:7600"));
    Captured run = run("show", "--dir", dir().toString(), "--broker", other);
    assertThat(run.code()).isEqualTo(ExitCode.REFUSED);
    assertThat(run.out()).isEmpty();
    assertThat(run.err()).contains("INVALID_SIGNATURE", "this checkpoint is not the broker's");
  }

  @Test
  @Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void nobodyWaitsForAPipeOrFollowsALink() throws Exception {
    Path elsewhere = folder.resolve("elsewhere");
    for (Path file :
        List.of(entry(6), dir().resolve(Tiles.CHECKPOINT), dir().resolve(Tiles.path(0, 1, 256)))) {
      Files.move(file, elsewhere);
      Files.createSymbolicLink(file, elsewhere);
      assertEachRefuses(file.getFileName() + " is a link");
      Files.delete(file);
      Files.createSymbolicLink(file, folder.resolve("nowhere"));
      assertEachRefuses(file.getFileName() + " is a link");
      Files.delete(file);
      Process made = new ProcessBuilder("mkfifo", file.toString()).start();
      assertThat(made.waitFor(10, TimeUnit.SECONDS)).isTrue();
      assertEachRefuses(file.getFileName() + " is a link, folder or device");
      Files.delete(file);
      Files.move(elsewhere, file);
    }
    offline("show").ok();
  }

  @Test
  void whatIsNoFolderOrHasNoOwnerIsWrongUse() throws IOException {
    Path file = Files.createFile(folder.resolve("file"));
    for (Path no : List.of(file, folder.resolve("none"))) {
      Captured run = run("show", "--dir", no.toString(), "--broker", line());
      assertThat(run.code()).isEqualTo(ExitCode.BAD_INPUT);
      assertThat(run.err()).contains("is no folder", "parley log export");
    }
    for (String command : List.of("show", "verify", "prove " + JOB)) {
      Captured run = run((command + " --broker " + line()).split(" "));
      assertThat(run.code()).isEqualTo(ExitCode.BAD_INPUT);
      assertThat(run.err()).contains("give --dir");
    }
    assertThat(run("show", "--dir", dir().toString()).err()).contains("parley identity create");
  }

  private void assertEachRefuses(String why) {
    assertFails(ExitCode.REFUSED, why, "verify");
    assertFails(ExitCode.REFUSED, why, "show");
    assertFails(ExitCode.REFUSED, why, "prove", JOB);
  }

  private void assertFails(int code, String why, String... command) {
    Captured run = offline(command);
    assertThat(run.code()).as(run.err()).isEqualTo(code);
    assertThat(run.out()).isEmpty();
    assertThat(run.err()).contains(why).doesNotContain("Exception");
  }

  /** As somebody who has no party's home. */
  private Captured offline(String... command) {
    List<String> words = new ArrayList<>(List.of(command));
    words.addAll(List.of("--dir", dir().toString(), "--broker", line()));
    return run(words.toArray(String[]::new));
  }

  private Captured run(String... command) {
    List<String> words = new ArrayList<>(List.of("log"));
    words.addAll(List.of(command));
    return Captured.run(folder.resolve("nobody"), words.toArray(String[]::new));
  }

  private Path home() {
    Path home = folder.resolve("hospital");
    Captured.run(home, "identity", "create", "--party", "hospital").ok();
    Captured.run(
            home,
            "consortium",
            "init",
            "--name",
            "health",
            "--address",
            "localhost:1",
            "--broker",
            line())
        .ok();
    return home;
  }

  private void grow(int entries) {
    for (int at = log.entries().size(), end = at + entries; at < end; at++) {
      log.append(
          LogEntry.newBuilder()
              .setDecision(
                  Decision.newBuilder()
                      .setIndex(at)
                      .setAction("job")
                      .setJobId(at == 3 || OF_JOB.contains(at) ? JOB : OTHER))
              .build()
              .toByteString());
    }
  }

  private String line() {
    return BrokerLine.of(broker.broker("localhost:1"));
  }

  private Path entry(int at) {
    return dir().resolve(LogDirectory.ENTRIES).resolve(Integer.toString(at));
  }

  private Path dir() {
    return folder.resolve("exported");
  }
}
