package io.parley.shim;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import org.jspecify.annotations.Nullable;

/**
 * Where things are in the enclave.
 *
 * @param appSource the host's copy of the app; absent where nothing is computed
 * @param app the measured copy
 * @param in complete inputs and parameters
 * @param out what the app leaves
 */
public record Folders(Path appSource, Path app, Path in, Path out) {
  /** As the sandbox lays them out. */
  public static final Folders OF_SANDBOX =
      new Folders(Path.of("/appsrc"), Path.of("/app"), Path.of("/in"), Path.of("/out"));

  /** Deletes inputs and results; they are in memory only, so nothing is left of them. */
  void wipe() {
    empty(in);
    empty(out);
  }

  private static void empty(Path folder) {
    try {
      Files.walkFileTree(folder, new Emptying(folder));
    } catch (IOException e) {
      notDeleted(e);
    }
  }

  /**
   * The folder is memory of this enclave and goes with it in a moment: reason to say, not to stop.
   */
  private static void notDeleted(IOException e) {
    ShimLog.warn("could not delete all of a folder: " + e.getClass().getName());
  }

  /** Deletes what it can; the app may have made folders that it closed to everybody. */
  private static final class Emptying extends SimpleFileVisitor<Path> {
    private final Path folder;

    Emptying(Path folder) {
      this.folder = folder;
    }

    @Override
    public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
      delete(file);
      return FileVisitResult.CONTINUE;
    }

    @Override
    public FileVisitResult visitFileFailed(Path file, IOException failure) {
      notDeleted(failure);
      return FileVisitResult.CONTINUE;
    }

    @Override
    public FileVisitResult postVisitDirectory(Path visited, @Nullable IOException failure) {
      if (!visited.equals(folder)) {
        delete(visited);
      }
      return FileVisitResult.CONTINUE;
    }

    private static void delete(Path path) {
      try {
        Files.deleteIfExists(path);
      } catch (IOException e) {
        notDeleted(e);
      }
    }
  }
}
