package io.parley.shim;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Nothing comes into the trusted base without a reason that somebody wrote down. */
class DependenciesTest {
  private static final Pattern ROW = Pattern.compile("(?m)^\\| ([a-z0-9-]+) \\| (.+) \\|$");
  private static final Pattern RESOLVED =
      Pattern.compile(
          "(?m)^\\s+[\\w.-]+:([\\w.-]+):jar:(?:[\\w.-]+:)?[\\w.-]+:(?:compile|runtime)");

  @Test
  void everyJarOfTheShimHasItsReasonAndNoReasonIsLeftOver() throws IOException {
    List<String> named =
        ROW.matcher(Files.readString(Path.of("DEPENDENCIES.md")))
            .results()
            .map(row -> row.group(1))
            .filter(jar -> !jar.equals("jar") && !jar.startsWith("---"))
            .toList();
    List<String> real =
        RESOLVED
            .matcher(Files.readString(Path.of("target", "runtime-dependencies.txt")))
            .results()
            .map((MatchResult jar) -> jar.group(1))
            .toList();

    assertThat(real).contains("parley-proto", "bcprov-jdk18on");
    assertThat(named).containsExactlyInAnyOrderElementsOf(real);
  }
}
