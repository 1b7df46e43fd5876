package io.parley.apps.tally;

import static org.assertj.core.api.Assertions.assertThat;

import io.parley.sdk.ArrowFiles;
import io.parley.sdk.testing.TestJob.Outcome;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BallotsMainTest {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();
  private LocalDateTime now = LocalDateTime.parse("2027-05-01T08:00:00");

  @TempDir Path folder;
  private Path file = Path.of("");

  @BeforeEach
  void place() {
    file = folder.resolve("ballots.csv");
  }

  @Test
  void appendsOneAfterTheOtherAndVerifies() throws IOException {
    assertThat(append("ann,yes\nbob,no\n")).isZero();
    assertThat(append("ann,no\n")).isZero();
    assertThat(run("verify")).isZero();

    assertThat(out.toString(StandardCharsets.UTF_8)).contains("3 ballots, head ");
    assertThat(Files.readAllLines(file)).hasSize(4).first().isEqualTo(BallotStore.HEADER);
    assertThat(Files.readAllLines(file).get(3)).startsWith("3,ann,2027-05-01T08:00:02,no,");
  }

  @Test
  void everyChangedByteIsFoundOut() throws IOException {
    append("ann,yes\nbob,no\neve,yes\n");
    byte[] whole = Files.readAllBytes(file);
    // The last byte is the end of the last line: without it the line was never written.
    for (int i = 0; i < whole.length - 1; i++) {
      byte[] changed = whole.clone();
      changed[i] ^= 1;
      Files.write(file, changed);
      assertThat(run("verify")).as("byte %d", i).isEqualTo(3);
    }
  }

  @Test
  void aLineThatWasCutOffWasNeverWritten() throws IOException {
    append("ann,yes\n");
    byte[] before = Files.readAllBytes(file);
    Files.writeString(file, "2,bob,2027-05-01T08:00", StandardOpenOption.APPEND);

    assertThat(run("verify")).isZero();
    assertThat(Files.readAllBytes(file)).isEqualTo(before);
    assertThat(append("bob,no\n")).isZero();
    assertThat(run("verify")).isZero();
  }

  @Test
  void refusesWhatIsNoBallotAndKeepsWhatWasThere() throws IOException {
    append("ann,yes\n");
    byte[] before = Files.readAllBytes(file);

    for (String bad : List.of("ann\n", "a,b,c\n", ",yes\n", "ann, yes\n", "\"ann\",yes\n")) {
      assertThat(append(bad)).as(bad).isEqualTo(3);
    }
    assertThat(Files.readAllBytes(file)).isEqualTo(before);
    assertThat(err.toString(StandardCharsets.UTF_8)).contains("is not VOTER,CHOICE");
    assertThat(new BallotsMain(() -> now, stream(out), stream(err)).run(List.of("count"), in("")))
        .isEqualTo(2);
  }

  @Test
  void checkTellsWhetherAResultCountedTheseBallots() throws IOException {
    append("ann,yes\nbob,no\n");
    Path result = tally(null);

    assertThat(check("north", result)).isZero();
    assertThat(text(out)).contains("2 of 2 ballots counted as 'north', digest ");
    append("eve,yes\n");
    assertThat(check("north", result)).isZero();
    assertThat(text(out)).contains("2 of 3 ballots counted as 'north', digest ");

    assertThat(check("south", result)).isEqualTo(3);
    assertThat(text(err)).contains("counts other ballots as 'south'");
    assertThat(check("west", result)).isEqualTo(3);
    assertThat(text(err)).contains("no dataset 'west'").contains("[north, south]");

    // The same ballots taken in once more, at other times.
    Files.delete(file);
    append("ann,yes\nbob,no\n");
    assertThat(check("north", result)).isEqualTo(3);
  }

  @Test
  void checkRefusesAResultThatTheAppDidNotWrite() throws IOException {
    append("ann,yes\nbob,no\n");
    // Both heads would do; the digest is that of others.
    Path changed = tally("00".repeat(32));
    assertThat(check("north", changed)).isEqualTo(3);
    assertThat(text(err)).contains("not the one of the heads in it");

    assertThat(check("north", file)).isEqualTo(3);
    assertThat(text(err)).contains("is no Arrow file", "--format arrow");
    assertThat(check("north", folder.resolve("nowhere"))).isEqualTo(3);
    assertThat(command().run(List.of("check", file.toString()), in(""))).isEqualTo(2);
  }

  /** The result of the app over the ballots so far, as dataset north, and another's. */
  private Path tally(@Nullable String digest) throws IOException {
    List<@Nullable Object[]> north = new ArrayList<>();
    for (String line : Files.readAllLines(file)) {
      String[] fields = line.split(",", -1);
      if (!line.equals(BallotStore.HEADER)) {
        north.add(
            new Object[] {
              Long.parseLong(fields[0]),
              fields[1],
              LocalDateTime.parse(fields[2]),
              fields[3],
              fields[4]
            });
      }
    }
    List<@Nullable Object[]> south = new ArrayList<>();
    TestBallots.add(south, "ann", LocalDateTime.parse("2027-05-01T08:00:00"), "no");
    Outcome outcome =
        TestBallots.job(folder.resolve("job"), List.of())
            .dataset("north", TestBallots.SCHEMA, north)
            .dataset("south", TestBallots.SCHEMA, south)
            .run(new TallyApp());
    assertThat(outcome.exitCode()).isZero();
    Path result = outcome.folder().resolve("result.arrow");
    if (digest != null) {
      List<@Nullable Object[]> rows = outcome.rows("result");
      rows.getLast()[3] = digest;
      Path changed = folder.resolve("changed.arrow");
      ArrowFiles.write(changed, ArrowFiles.schema(result), rows);
      return changed;
    }
    return result;
  }

  private int check(String dataset, Path result) {
    return command().run(List.of("check", file.toString(), dataset, result.toString()), in(""));
  }

  private static String text(ByteArrayOutputStream bytes) {
    return bytes.toString(StandardCharsets.UTF_8);
  }

  private int append(String lines) {
    return command().run(List.of("append", file.toString()), in(lines));
  }

  private int run(String verb) {
    return command().run(List.of(verb, file.toString()), in(""));
  }

  private BallotsMain command() {
    return new BallotsMain(this::tick, stream(out), stream(err));
  }

  private LocalDateTime tick() {
    LocalDateTime at = now;
    now = now.plusSeconds(1);
    return at;
  }

  private static BufferedReader in(String text) {
    return new BufferedReader(new StringReader(text));
  }

  private static PrintStream stream(ByteArrayOutputStream bytes) {
    return new PrintStream(bytes, true, StandardCharsets.UTF_8);
  }
}
