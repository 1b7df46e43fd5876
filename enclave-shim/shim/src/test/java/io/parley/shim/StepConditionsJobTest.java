package io.parley.shim;

import static org.assertj.core.api.Assertions.assertThat;

import io.parley.agreement.ChainParameter;
import io.parley.agreement.Usage;
import io.parley.wire.ParleyException;
import io.parley.wire.Reason;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Chains over a dataset whose owner sets conditions: its first step reads it, the second does not.
 */
@Timeout(60)
class StepConditionsJobTest {
  @TempDir Path folder;
  private ChainWorld world;
  private final Map<String, String> told = new TreeMap<>();

  @BeforeEach
  void build() throws IOException {
    world = new ChainWorld(folder);
    world.usage =
        new Usage(
            List.of("patient"),
            List.of("ward"),
            new TreeMap<>(Map.of("*", List.of("count"))),
            List.of(),
            List.of(),
            "patient");
    world.minGroup = 3;
    world.first = new ChainParameter.Fixed("from", "1999-12-31");
    world.second = new ChainParameter.From("how", "since");
    for (String name : List.of("first", "second")) {
      ChainWorld.Program program = TestWorld.value(world.programs, name);
      world.programs.put(
          name,
          run -> {
            told.put(name, Files.readString(run.in().resolve("params.json")));
            return program.run(run);
          });
    }
  }

  @Test
  void theStepThatReadsItIsToldAndALaterOneIsNot() throws Exception {
    world.rulesApp(1, "first");
    try (TestJob job = world.job().start()) {
      assertThat(job.ended("insurer")).as("%s", job.host("insurer").outcome()).isTrue();
    }
    assertThat(told.get("first"))
        .contains("\"identity\":\"patient\"", "\"group\":[\"ward\"]")
        .contains("\"claims\":{\"owner\":\"insurer\"")
        // What leaves keeps to its own rule, what is handed on to the strictest.
        .contains("\"rules\":{\"report\":{},\"joined\":{\"min_group\":3}}");
    assertThat(told.get("second"))
        .contains("\"datasets\":{\"claims\":{},\"joined\":{}}", "\"rules\":{\"summary\":{}}");
  }

  @Test
  void anAppThatDoesNotKeepToConditionsGetsNoRow() throws Exception {
    try (TestJob job = world.job().start()) {
      ParleyException failure = job.host("insurer").failure();
      assertThat(failure.reason()).isEqualTo(Reason.RULE_APP);
      assertThat(failure.metadata()).containsEntry("step", "join");
      assertThat(job.host("insurer").results).isEmpty();
    }
    assertThat(world.ran).isEmpty();
  }
}
