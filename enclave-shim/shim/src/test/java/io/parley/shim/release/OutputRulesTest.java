package io.parley.shim.release;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.parley.agreement.Queries;
import io.parley.agreement.ResultRule;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a crooked app can leave in the place of a result. */
@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class OutputRulesTest {
  private static final List<ResultRule> RULES = List.of(new ResultRule("summary", List.of("a"), 3));

  @TempDir Path out;

  @Test
  void oneRegularFileWithinItsRowsLeaves() throws IOException {
    Path file = Files.writeString(out.resolve("summary.csv"), "n\n1\n2\n3\n");

    assertThat(OutputRules.collect(out, RULES, Queries.FIXED))
        .containsExactly(new Output(RULES.getFirst(), ResultFormat.CSV, file, 3));
  }

  @Test
  void oneRowTooMuchIsRefusedWithoutSayingHowMany() throws IOException {
    Files.writeString(out.resolve("summary.csv"), "n\n1\n2\n3\n4\n5\n6\n7\n");

    assertRefused("more rows than the agreement's max_rows of 3");
    assertThatThrownBy(() -> OutputRules.collect(out, RULES, Queries.FIXED))
        .satisfies(e -> assertThat(e.getMessage()).doesNotContain("7"));
  }

  @Test
  void linksPipesAndFoldersAreNoResults() throws Exception {
    Path target = Files.writeString(Files.createTempFile("other", ""), "n\n1\n");
    Path file = out.resolve("summary.csv");

    Files.createSymbolicLink(file, target);
    assertRefused("no regular file");
    Files.delete(file);

    assertThat(new ProcessBuilder("mkfifo", file.toString()).start().waitFor()).isZero();
    assertRefused("no regular file");
    Files.delete(file);

    Files.createDirectory(file);
    assertRefused("no regular file");
    Files.delete(target);
  }

  @Test
  void twoFormsOrNoneOfAResultAreRefused() throws IOException {
    assertRefused("left 0");
    Files.writeString(out.resolve("summary.csv"), "n\n1\n");
    Files.writeString(out.resolve("summary.json"), "[1]");
    assertRefused("left 2");
  }

  @Test
  void anythingBesideTheResultsIsRefused() throws IOException {
    Files.writeString(out.resolve("summary.csv"), "n\n1\n");
    for (String name :
        List.of("more.csv", "summary.CSV", ".hidden", "error.json", "summary.csv ")) {
      Path other = Files.writeString(out.resolve(name), "x");
      assertRefused("no result of the agreement");
      Files.delete(other);
    }
    Files.createDirectories(out.resolve("folder/deep"));
    assertRefused("no result of the agreement");
  }

  @Test
  void filesWithoutEndAreNotListedWithoutEnd() throws IOException {
    for (int i = 0; i < 1500; i++) {
      Files.createFile(out.resolve("f" + i));
    }

    assertThatThrownBy(() -> OutputRules.collect(out, RULES, Queries.FIXED))
        .isInstanceOfSatisfying(
            RefusedException.class, e -> assertThat(e.reason()).isEqualTo(Reason.OUTPUT_RULE));
  }

  @Test
  void aSparseFileIsReadAsWhatItIs() throws IOException {
    try (var file = new java.io.RandomAccessFile(out.resolve("summary.json").toFile(), "rw")) {
      file.setLength(1L << 30);
    }

    assertRefused("is not json");
  }

  private void assertRefused(String message) {
    assertThatThrownBy(() -> OutputRules.collect(out, RULES, Queries.FIXED))
        .isInstanceOfSatisfying(
            RefusedException.class, e -> assertThat(e.reason()).isEqualTo(Reason.OUTPUT_RULE))
        .hasMessageContaining(message);
  }
}
