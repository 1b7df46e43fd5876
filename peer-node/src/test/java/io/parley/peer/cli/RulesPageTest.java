package io.parley.peer.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** Every example of the page for owners of data gets the answer that the page says. */
class RulesPageTest {
  private static final Pattern AGREEMENT =
      Pattern.compile("RulesPageTest\\. -->\n```yaml\n(.*?)```", Pattern.DOTALL);
  private static final Pattern EXAMPLE =
      Pattern.compile(
          "<!-- (allowed|refused: (RULE_[A-Z]+)) -->\n```sql\n(.*?)```(?:\n```text\n(.*?)```)?",
          Pattern.DOTALL);

  @TempDir Path folder;

  @TestFactory
  Stream<DynamicTest> examplesAreAnsweredAsThePageSays() throws IOException {
    String page = Files.readString(page());
    Matcher agreement = AGREEMENT.matcher(page);
    assertThat(agreement.find()).isTrue();
    Path file = Files.writeString(folder.resolve("agreement.yaml"), agreement.group(1));
    List<DynamicTest> tests = new ArrayList<>();
    Matcher example = EXAMPLE.matcher(page);
    while (example.find()) {
      String reason = example.group(2);
      String query = example.group(3);
      String text = example.group(4);
      tests.add(
          DynamicTest.dynamicTest(
              query.strip(), () -> check(file, query, reason, text == null ? "" : text.strip())));
    }
    assertThat(tests)
        .as("as many as there are SQL blocks")
        .hasSize(page.split("```sql").length - 1);
    return tests.stream();
  }

  private static final Pattern RESULTS = Pattern.compile("(?m)^results:\n  answer: .*\n");

  @Test
  void theResultThatIsNotKeptCanBeAgreed() throws IOException {
    String page = Files.readString(page());
    Matcher agreement = AGREEMENT.matcher(page);
    assertThat(agreement.find()).isTrue();
    String whole = agreement.group(1);
    assertThat(agreement.find()).isTrue();
    assertThat(agreement.group(1)).contains("keep: none").matches(RESULTS);
    String kept = RESULTS.matcher(whole).replaceFirst(Matcher.quoteReplacement(agreement.group(1)));
    assertThat(kept).isNotEqualTo(whole);
    Path file = Files.writeString(folder.resolve("agreement.yaml"), kept);
    Captured run =
        Captured.run(
            folder,
            "query",
            "explain",
            file.toString(),
            "--query",
            "SELECT ward, avg(days) AS mean FROM admissions GROUP BY ward");
    assertThat(run.code()).as(run.out() + run.err()).isEqualTo(ExitCode.OK);
    assertThat(run.out()).contains("'answer' is handed out once");
  }

  private void check(
      Path agreement, String query, @org.jspecify.annotations.Nullable String reason, String text) {
    Captured run = Captured.run(folder, "query", "explain", agreement.toString(), "--query", query);
    assertThat(run.code())
        .as(run.out() + run.err())
        .isEqualTo(reason == null ? ExitCode.OK : ExitCode.REFUSED);
    if (reason != null) {
      assertThat(run.out()).contains("problem 1", reason + ": ").contains(text);
    }
  }

  /** Tests run in their module's folder. */
  private static Path page() {
    Path page = Path.of("../deploy/docs/rules.md");
    return Files.exists(page) ? page : Path.of("deploy/docs/rules.md");
  }
}
