package io.parley.shim;

import io.parley.evidence.ManifestBuilder;
import io.parley.wire.EnvironmentException;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Where things are in the enclave.
 *
 * @param appSource the host's copies of the apps, in folders named 1, 2, ...; empty or absent where
 *     nothing is computed
 * @param app for the measured copies
 * @param in complete inputs and parameters
 * @param out what the app leaves
 * @param held what waits for a later step or for release, out of every app's reach and sight; on
 *     one file system with {@code in} and {@code out}, so that moving copies nothing
 * @param scratch what else an app may write
 */
public record Folders(Path appSource, Path app, Path in, Path out, Path held, List<Path> scratch) {
  private static final int NAME_BYTES = 16;

  public Folders {
    scratch = List.copyOf(scratch);
  }

  /**
   * As the sandbox lays them out. What is held is in a folder that nobody can guess: an app's wall
   * keeps it from opening what is there, and not from asking how large it is.
   */
  static Folders ofSandbox(SecureRandom random) {
    byte[] name = new byte[NAME_BYTES];
    random.nextBytes(name);
    return new Folders(
        Path.of("/appsrc"),
        Path.of("/app"),
        Path.of("/job/in"),
        Path.of("/job/out"),
        Path.of("/job", HexFormat.of().formatHex(name)),
        List.of(Path.of("/tmp"), Path.of("/net")));
  }

  /** Deletes inputs and results; they are in memory only, so nothing is left of them. */
  void wipe() {
    Stream.concat(Stream.of(in, out, held), scratch.stream())
        .filter(Files::isDirectory)
        .forEach(Folders::empty);
  }

  /**
   * Deletes what an app got and whatever it may have left for another app to find, all but its
   * results. The app has ended.
   *
   * @throws RefusedException OUTPUT_RULE when it left what can't be deleted
   */
  public void clearAfterApp() {
    clear(in);
    clear(app);
    scratch.forEach(Folders::clear);
  }

  /**
   * Deletes what is in a folder, and puts the folder itself back to how it was: its rights and its
   * time are the next app's to see too.
   *
   * @throws RefusedException OUTPUT_RULE when something can't be deleted
   */
  public static void clear(Path folder) {
    empty(folder);
    try (Stream<Path> left = Files.list(folder)) {
      if (left.findAny().isPresent()) {
        throw new RefusedException(
            Reason.OUTPUT_RULE, "the app left files that can't be deleted, so no other may run");
      }
      Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
      Files.setLastModifiedTime(folder, ManifestBuilder.COPY_TIME);
    } catch (IOException e) {
      throw new EnvironmentException(
          Reason.IO_FAILED, "a folder could not be cleared after the app", Map.of(), e);
    }
  }

  /**
   * Deletes everything that a run of the app was given or could have left, for the next run of the
   * same app. All processes of it must have ended.
   *
   * @throws RefusedException OUTPUT_RULE when something can't be deleted
   */
  public void requireClean() {
    Stream.concat(Stream.of(in, out), scratch.stream()).forEach(Folders::clear);
  }

  private static void empty(Path folder) {
    try {
      // An app may have closed it, to us too.
      Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
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

  /** Deletes what it can, folders too that the app closed to everybody. */
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
      if (!Files.isDirectory(file, LinkOption.NOFOLLOW_LINKS)) {
        notDeleted(failure);
      } else if (!Files.isReadable(file)) {
        empty(file);
        delete(file);
      }
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
