package io.parley.fuzz;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** What Jazzer calls; {@code deploy/fuzz} starts it. */
public final class Fuzz {
  private static final Path FOLDER = Path.of(System.getProperty("parley.fuzz.folder", "target"));
  private static final FuzzTarget TARGET =
      FuzzTargets.named(
          System.getProperty("parley.fuzz.target", "claims"), FOLDER.resolve("scratch"));
  private static final FuzzRun RUN = new FuzzRun(TARGET);

  private Fuzz() {}

  /** Before libFuzzer reads its corpus: the seeds are signed with keys that this process made. */
  public static void fuzzerInitialize() throws IOException {
    Path seeds = Files.createDirectories(FOLDER.resolve("seeds"));
    write(seeds, "seed", TARGET.seeds());
    write(seeds, "hint", TARGET.hints());
  }

  public static void fuzzerTestOneInput(byte[] bytes) {
    boolean unused = RUN.run(bytes);
  }

  private static void write(Path folder, String name, List<byte[]> inputs) throws IOException {
    for (int i = 0; i < inputs.size(); i++) {
      Files.write(folder.resolve(name + "-" + i), inputs.get(i));
    }
  }
}
