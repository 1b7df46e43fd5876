package io.parley.broker;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * kill -9 at every named point and at random moments, while jobs are counted, keys released,
 * agreements stored and checkpoints cosigned. {@code deploy/soak crash} does the same for longer;
 * {@code -Dparley.crash.seed=S} repeats what was drawn.
 */
class CrashTest {
  private static final int CYCLES = Integer.getInteger("parley.crash.cycles", 10);
  private static final long SEED = Long.getLong("parley.crash.seed", System.nanoTime());

  @TempDir Path folder;

  @Test
  void nothingAcknowledgedIsLostAndNothingIsGivenTwice() throws Exception {
    System.err.println("crash seed " + SEED);
    assertThat(new CrashSoak(folder, SEED, System.err::println).run(CYCLES))
        .as("some lives ended where they were meant to; seed %d", SEED)
        .isNotEmpty();
  }
}
