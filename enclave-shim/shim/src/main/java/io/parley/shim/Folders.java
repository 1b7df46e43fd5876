package io.parley.shim;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;

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
      Files.walkFileTree(
          folder,
          new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
                throws IOException {
              Files.delete(file);
              return FileVisitResult.CONTINUE;
            }
          });
    } catch (IOException e) {
      // The folder is memory of this enclave and goes with it in a moment.
      ShimLog.warn("could not empty " + folder + ": " + e.getClass().getName());
    }
  }
}
