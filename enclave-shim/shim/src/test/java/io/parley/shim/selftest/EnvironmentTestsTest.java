package io.parley.shim.selftest;

import static org.assertj.core.api.Assertions.assertThat;

import io.parley.agreement.Environment;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Instant;
import java.util.Map;
import java.util.SortedMap;
import org.junit.jupiter.api.Test;

class EnvironmentTestsTest {
  private static final SecureRandom STUCK =
      new SecureRandom() {
        private static final long serialVersionUID = 1L;

        @Override
        public void nextBytes(byte[] bytes) {
          java.util.Arrays.fill(bytes, (byte) 0x55);
        }
      };

  @Test
  void reportsEveryTestThatAgreementsAskFor() {
    assertThat(new EnvironmentTests(Clock.systemUTC(), new SecureRandom()).run())
        .containsOnlyKeys(Environment.STRICT_TESTS.keySet());
  }

  @Test
  void whatMustWorkPassesAnywhere() {
    SortedMap<String, String> outcomes =
        new EnvironmentTests(Clock.systemUTC(), new SecureRandom()).run();
    assertThat(outcomes)
        .containsAllEntriesOf(
            Map.of("crypto", "passed", "randomness", "passed", "clock", "passed"));
  }

  @Test
  void outsideAnEnclaveTheWallsAreReportedMissing() {
    SortedMap<String, String> outcomes =
        new EnvironmentTests(Clock.systemUTC(), new SecureRandom()).run();
    for (String wall : new String[] {"network", "host_files", "exec", "other_pids"}) {
      assertThat(outcomes.get(wall)).as(wall).startsWith("failed: ");
    }
  }

  @Test
  void aStuckRandomSourceAndAWrongClockAreNoticed() {
    SortedMap<String, String> outcomes =
        new EnvironmentTests(() -> Instant.parse("1970-01-01T00:00:00Z"), STUCK).run();
    assertThat(outcomes.get("randomness")).startsWith("failed: ");
    assertThat(outcomes.get("clock")).isEqualTo("failed: the clock says 1970-01-01T00:00:00Z");
  }

  @Test
  void outcomesFitTheFormOfClaims() {
    assertThat(EnvironmentTests.failed("é\n" + "x".repeat(500)))
        .hasSizeLessThanOrEqualTo(256)
        .matches("[ -~]+");
  }
}
