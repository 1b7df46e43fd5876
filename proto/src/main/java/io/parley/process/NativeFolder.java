package io.parley.process;

import io.parley.wire.EnvironmentException;
import io.parley.wire.Reason;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Where libraries with native code unpack it: a folder in the process's own home. They delete it
 * when the process ends as it should; what a killed one left is deleted when the next one starts.
 */
public final class NativeFolder {
  /** Read by each library when its first class is loaded, and never again. */
  private static final List<String> PROPERTIES = List.of("org.sqlite.tmpdir");

  private NativeFolder() {}

  /**
   * Makes or empties the folder and points the libraries to it. Call it before their first use, and
   * only while no other process of this home runs.
   *
   * @throws EnvironmentException IO_FAILED
   */
  public static void prepare(Path folder) {
    Path absolute = folder.toAbsolutePath().normalize();
    try {
      Files.createDirectories(
          absolute,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
      try (Stream<Path> left = Files.list(absolute)) {
        for (Path file : left.toList()) {
          Files.delete(file);
        }
      }
    } catch (IOException e) {
      throw new EnvironmentException(
          Reason.IO_FAILED,
          "cannot empty %s, where native libraries go: %s".formatted(absolute, e),
          Map.of("folder", absolute.toString()),
          e);
    }
    PROPERTIES.forEach(property -> System.setProperty(property, absolute.toString()));
  }
}
