package io.parley.apps.sql;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.parley.sdk.testing.TestJob.Outcome;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Queries that people may write, and those of people who want more than they may have. */
class HandWrittenQueriesTest {
  @TempDir static Path folder;
  private static RulesWorld world;

  @BeforeAll
  static void layOut() throws IOException, SQLException {
    world = new RulesWorld(folder);
  }

  @AfterAll
  static void close() throws SQLException {
    world.close();
  }

  @ParameterizedTest
  @MethodSource("accepted")
  void equalsDuckDbWithTheThreshold(String query, String union) throws Exception {
    Outcome outcome = world.run(query);

    assertThat(RulesWorld.refusal(outcome)).isEmpty();
    assertThat(RulesWorld.rows(outcome)).containsExactlyInAnyOrderElementsOf(world.union(union));
  }

  static Stream<Arguments> accepted() throws IOException {
    List<Arguments> pairs = new ArrayList<>();
    List<String> lines = lines("accepted.txt");
    for (int i = 0; i < lines.size(); i += 2) {
      assertThat(lines.get(i + 1)).startsWith("=> ");
      pairs.add(Arguments.of(lines.get(i), lines.get(i + 1).substring(3)));
    }
    return pairs.stream();
  }

  @ParameterizedTest
  @MethodSource("refused")
  void isRefusedWithItsReason(String reason, String query, String message) throws Exception {
    Outcome outcome = world.run(query);

    assertThat(outcome.exitCode()).isEqualTo(2);
    assertThat(RulesWorld.refusal(outcome)).startsWith(reason + ": ").contains(message);
    if (reason.startsWith("RULE_")) {
      assertThat(outcome.error().path("metadata").path("rule").asText()).isEqualTo(reason);
    }
    assertThat(RulesWorld.refusal(outcome)).as("values").doesNotContain("secret1");
  }

  static Stream<Arguments> refused() throws IOException {
    List<Arguments> queries = new ArrayList<>();
    List<String> lines = lines("refused.txt");
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i);
      if (line.startsWith("> ")) {
        continue;
      }
      int space = line.indexOf(' ');
      boolean said = i + 1 < lines.size() && lines.get(i + 1).startsWith("> ");
      queries.add(
          Arguments.of(
              line.substring(0, space),
              line.substring(space + 1),
              said ? lines.get(i + 1).substring(2) : ""));
    }
    return queries.stream();
  }

  private static List<String> lines(String file) throws IOException {
    try (InputStream in =
        Objects.requireNonNull(HandWrittenQueriesTest.class.getResourceAsStream(file), file)) {
      return new String(in.readAllBytes(), UTF_8)
          .lines()
          .filter(line -> !line.isBlank() && !line.startsWith("#"))
          .toList();
    }
  }
}
