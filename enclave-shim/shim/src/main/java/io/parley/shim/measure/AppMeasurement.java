package io.parley.shim.measure;

import io.parley.evidence.Manifest;
import io.parley.wire.EnvironmentException;
import io.parley.wire.Reason;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;

/** Copies the app out of the host's reach while hashing it. */
public final class AppMeasurement {
  private AppMeasurement() {}

  /**
   * Copies every file of {@code source} into {@code target}. The digest is of what was copied,
   * whatever the host does to the source meanwhile.
   *
   * @throws io.parley.wire.RefusedException as {@link io.parley.evidence.ManifestBuilder} does
   * @throws EnvironmentException IO_FAILED
   */
  public static MeasuredApp copy(Path source, Path target) {
    try {
      Manifest manifest = Manifest.builder().stage(source, target).build();
      return new MeasuredApp(manifest.digest(), target, sizeBytes(target));
    } catch (IOException e) {
      throw new EnvironmentException(
          Reason.IO_FAILED,
          "the app could not be copied into the enclave: " + e.getMessage(),
          Map.of("folder", source.toString()),
          e);
    }
  }

  /** Of all files below. */
  static long sizeBytes(Path folder) {
    long sum = 0;
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        sum += Files.size(file);
      }
    } catch (IOException e) {
      throw new EnvironmentException(
          Reason.IO_FAILED,
          "the app could not be looked at: " + e.getMessage(),
          Map.of("folder", folder.toString()),
          e);
    }
    return sum;
  }
}
