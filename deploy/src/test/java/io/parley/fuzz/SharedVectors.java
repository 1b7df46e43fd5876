package io.parley.fuzz;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Real reports as hints, where they are; without them the made-up vendors are enough. */
final class SharedVectors {
  private static final Path FOLDER =
      Path.of(System.getProperty("parley.shared", "../shared"), "vectors");
  private static final long SIZE_BYTES_MAX = 64 << 10;

  private SharedVectors() {}

  /** Every file whose path below the vectors' folder matches. */
  static List<byte[]> matching(String regex) {
    if (!Files.isDirectory(FOLDER)) {
      return List.of();
    }
    Pattern pattern = Pattern.compile(regex);
    try (Stream<Path> files = Files.walk(FOLDER)) {
      return files
          .filter(Files::isRegularFile)
          .filter(file -> pattern.matcher(FOLDER.relativize(file).toString()).find())
          .filter(file -> file.toFile().length() <= SIZE_BYTES_MAX)
          .sorted()
          .map(SharedVectors::bytes)
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static byte[] bytes(Path file) {
    try {
      return Files.readAllBytes(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
