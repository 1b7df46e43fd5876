package io.parley.peer.enclaves;

import io.parley.wire.EnvironmentException;
import io.parley.wire.Reason;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Where an enclave's code comes from.
 *
 * @param runtime a Java runtime: a jlink image, or a JDK
 * @param shim the folder with the shim's jars and, if it was made, its class data archive
 * @param mainClass what the shim's JVM starts
 */
public record ShimDistribution(Path runtime, Path shim, String mainClass) {
  static final String ARCHIVE = "shim.jsa";
  private static final String MAIN_CLASS = "io.parley.shim.ShimMain";

  /** The parts of a distribution folder; without {@code runtime/} it is this process's JDK. */
  public static ShimDistribution of(Path distribution) {
    Path image = distribution.resolve("runtime");
    Path runtime = Files.isDirectory(image) ? image : Path.of(System.getProperty("java.home", ""));
    return new ShimDistribution(runtime, distribution.resolve("lib/shim"), MAIN_CLASS);
  }

  /** File names of the jars, in the order of the class path. */
  List<String> jars() {
    try (Stream<Path> files = Files.list(shim)) {
      List<String> jars =
          files
              .map(file -> file.getFileName().toString())
              .filter(name -> name.endsWith(".jar"))
              .sorted()
              .toList();
      if (!jars.isEmpty()) {
        return jars;
      }
    } catch (IOException e) {
      throw missing(e);
    }
    throw missing(null);
  }

  boolean archived() {
    return Files.isRegularFile(shim.resolve(ARCHIVE));
  }

  private EnvironmentException missing(@org.jspecify.annotations.Nullable IOException cause) {
    return new EnvironmentException(
        Reason.SANDBOX_UNAVAILABLE,
        "no shim jars in %s; build the distribution (deploy/parley does on first use), or set parley.dist"
            .formatted(shim),
        Map.of("folder", shim.toString()),
        cause);
  }
}
