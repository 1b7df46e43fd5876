package io.parley.apps.tally;

import static org.assertj.core.api.Assertions.assertThat;

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
import java.util.List;
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
