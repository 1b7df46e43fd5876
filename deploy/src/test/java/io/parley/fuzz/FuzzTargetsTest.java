package io.parley.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/**
 * Every fuzz target over its seeds, and over some that are spoiled at random; {@code deploy/fuzz}
 * goes on for as long as one likes. Inputs that once failed are in the resources and stay fine.
 */
class FuzzTargetsTest {
  private static final long SEED = 20_261_129;
  private static final int ROUNDS = 150;

  @TempDir Path folder;

  @TestFactory
  Stream<DynamicTest> everyTargetTakesItsSeedsAndIsNotSurprised() {
    return FuzzTargets.all().keySet().stream()
        .map(name -> DynamicTest.dynamicTest(name, () -> check(name)));
  }

  private void check(String name) throws Exception {
    FuzzTarget target = FuzzTargets.named(name, Files.createDirectories(folder.resolve(name)));
    FuzzRun run = new FuzzRun(target);
    for (byte[] seed : target.seeds()) {
      assertThat(run.run(seed)).as("a seed of %d bytes is taken", seed.length).isTrue();
    }
    List<byte[]> start = Stream.concat(target.seeds().stream(), target.hints().stream()).toList();
    for (byte[] input : found(name)) {
      boolean unused = run.run(input);
    }
    Random random = new Random(SEED);
    for (int i = 0; i < ROUNDS; i++) {
      boolean unused = run.run(spoiled(start.get(random.nextInt(start.size())), random));
    }
  }

  /** What fuzzing found, once. */
  private static List<byte[]> found(String name) throws IOException, java.net.URISyntaxException {
    var url = FuzzTargetsTest.class.getResource("/fuzz/" + name);
    if (url == null) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(Path.of(url.toURI()))) {
      List<byte[]> found = new java.util.ArrayList<>();
      for (Path file : files.sorted().toList()) {
        found.add(Files.readAllBytes(file));
      }
      return found;
    }
  }

  /** Changes some bytes, takes some out, or says some twice. */
  private static byte[] spoiled(byte[] bytes, Random random) {
    if (bytes.length == 0) {
      return bytes;
    }
    int at = random.nextInt(bytes.length);
    int to = at + random.nextInt(Math.min(64, bytes.length - at) + 1);
    return switch (random.nextInt(4)) {
      case 0 -> join(Arrays.copyOf(bytes, at), Arrays.copyOfRange(bytes, to, bytes.length));
      case 1 -> join(Arrays.copyOf(bytes, to), Arrays.copyOfRange(bytes, at, bytes.length));
      case 2 -> Arrays.copyOf(bytes, at);
      default -> {
        byte[] changed = bytes.clone();
        for (int i = random.nextInt(4); i >= 0; i--) {
          changed[random.nextInt(changed.length)] = (byte) random.nextInt(256);
        }
        yield changed;
      }
    };
  }

  private static byte[] join(byte[] first, byte[] second) {
    byte[] both = Arrays.copyOf(first, first.length + second.length);
    System.arraycopy(second, 0, both, first.length, second.length);
    return both;
  }
}
