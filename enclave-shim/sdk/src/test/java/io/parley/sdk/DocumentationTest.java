package io.parley.sdk;

import static org.assertj.core.api.Assertions.assertThat;

import io.parley.sdk.testing.TestJob;
import io.parley.sdk.testing.TestJob.Outcome;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.tools.ToolProvider;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The example on the page for people who write apps is a working app. */
class DocumentationTest {
  private static final Pattern EXAMPLE =
      Pattern.compile("DocumentationTest\\. -->\n```java\n(.*?)\n```", Pattern.DOTALL);

  @TempDir Path folder;

  @Test
  void exampleOnThePageCompilesAndRuns() throws Exception {
    Matcher example = EXAMPLE.matcher(Files.readString(page()));
    assertThat(example.find()).isTrue();
    Path source = folder.resolve("CountByGroup.java");
    Files.writeString(source, example.group(1));
    int code =
        ToolProvider.getSystemJavaCompiler()
            .run(
                null,
                null,
                null,
                "-d",
                folder.toString(),
                "-proc:none",
                "-cp",
                System.getProperty("java.class.path"),
                source.toString());
    assertThat(code).isZero();

    Outcome outcome;
    try (URLClassLoader loader =
        new URLClassLoader(
            new URL[] {folder.toUri().toURL()}, DocumentationTest.class.getClassLoader())) {
      App app = (App) loader.loadClass("CountByGroup").getDeclaredConstructor().newInstance();
      outcome =
          TestJob.in(folder.resolve("job"))
              .dataset(
                  "patients",
                  Fields.schema(Fields.varchar("ward")),
                  List.of(row("b"), row("a"), row("b"), row((Object) null)))
              .parameter("group", "ward")
              .results("counts")
              .run(app);
    }

    assertThat(outcome.exitCode()).isZero();
    assertThat(outcome.rows("counts")).containsExactly(row("a", 1L), row("b", 2L));
  }

  /** Tests run in their module's folder. */
  private static Path page() {
    Path page = Path.of("../../deploy/docs/apps.md");
    return Files.exists(page) ? page : Path.of("deploy/docs/apps.md");
  }

  private static @Nullable Object[] row(@Nullable Object... values) {
    return values;
  }
}
