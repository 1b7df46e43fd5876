package io.parley.broker;

import io.parley.broker.store.FaultPoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Crashes brokers for a while: {@code CrashSoak FOLDER CYCLES [SEED]}. Each cycle is one life of a
 * real process that ends with SIGKILL, in turn at each {@link FaultPoint} and at a random moment;
 * the next life is compared with all that clients were answered.
 */
final class CrashSoak {
  /** Lives of one home: what is compared grows with them. */
  private static final int CYCLES_PER_HOME = 40;

  private static final int SAY_EVERY = 20;

  private final Path folder;
  private final Random random;
  private final Consumer<String> out;
  private final Map<FaultPoint, Integer> atPoint = new EnumMap<>(FaultPoint.class);
  private int elsewhere;

  CrashSoak(Path folder, long seed, Consumer<String> out) {
    this.folder = folder;
    this.random = new Random(seed);
    this.out = out;
  }

  public static void main(String[] arguments) throws Exception {
    long seed = arguments.length > 2 ? Long.parseLong(arguments[2]) : System.nanoTime();
    System.out.println("seed " + seed);
    new CrashSoak(Path.of(arguments[0]), seed, System.out::println)
        .run(Integer.parseInt(arguments[1]));
    System.exit(0);
  }

  /**
   * Throws an AssertionError at the first thing that is wrong; the home is left for a look.
   *
   * @return how many lives ended at each point; the rest ended at a random moment
   */
  Map<FaultPoint, Integer> run(int cycles) throws IOException, InterruptedException {
    long start = System.nanoTime();
    for (int done = 0; done < cycles; ) {
      int now = Math.min(CYCLES_PER_HOME, cycles - done);
      Path home = Files.createDirectories(folder.resolve("home-" + done));
      CrashWorld world = new CrashWorld(home, now, random);
      for (int i = 0; i < now; i++, done++) {
        cycle(world, done);
        if ((done + 1) % SAY_EVERY == 0) {
          say(done + 1, start);
        }
      }
      world.end();
      delete(home);
    }
    say(cycles, start);
    return atPoint;
  }

  private void cycle(CrashWorld world, int number) throws IOException, InterruptedException {
    FaultPoint[] points = FaultPoint.values();
    int turn = number % (points.length + 1);
    @Nullable FaultPoint at = turn < points.length ? points[turn] : null;
    if (world.cycle(at) && at != null) {
      atPoint.merge(at, 1, Integer::sum);
    } else {
      elsewhere++;
    }
  }

  private void say(int cycles, long start) {
    out.accept(
        String.format(
            Locale.ROOT,
            "%d cycles in %d s: killed at %s, at random moments %d; nothing lost, nothing twice",
            cycles,
            Duration.ofNanos(System.nanoTime() - start).toSeconds(),
            atPoint,
            elsewhere));
  }

  private static void delete(Path folder) throws IOException {
    try (var files = Files.walk(folder)) {
      for (Path file : files.sorted(java.util.Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }
}
