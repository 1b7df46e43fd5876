package io.parley.peer;

import io.parley.wire.EnvironmentException;
import io.parley.wire.Reason;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One node per home: two would both tidy up after each other. The kernel lets go of the lock when
 * the process ends, however it ends.
 */
final class HomeLock implements AutoCloseable {
  private final FileChannel file;

  private HomeLock(FileChannel file) {
    this.file = file;
  }

  /**
   * Takes the lock, and makes the state folder.
   *
   * @throws EnvironmentException STORE_FAILED when another node runs from this home
   */
  static HomeLock take(Path state) {
    Path path = state.resolve("node.lock");
    try {
      Files.createDirectories(
          state,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
      FileChannel file =
          FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      @Nullable FileLock lock = tryLock(file);
      if (lock == null) {
        file.close();
        throw new EnvironmentException(
            Reason.STORE_FAILED,
            "another node runs from this home already: %s is locked".formatted(path),
            Map.of("file", path.toString()));
      }
      return new HomeLock(file);
    } catch (IOException e) {
      throw new EnvironmentException(
          Reason.STORE_FAILED, "cannot lock %s: %s".formatted(path, e), Map.of(), e);
    }
  }

  private static @Nullable FileLock tryLock(FileChannel file) throws IOException {
    try {
      return file.tryLock();
    } catch (OverlappingFileLockException e) {
      return null;
    }
  }

  @Override
  public void close() throws IOException {
    file.close();
  }
}
