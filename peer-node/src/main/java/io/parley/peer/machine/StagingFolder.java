package io.parley.peer.machine;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * This process's private folder for what its enclaves are made of: code and sockets, no data.
 * Locked while the process lives; what a killed process left is removed by the next one.
 */
public final class StagingFolder implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(StagingFolder.class);
  private static final String LOCK = "lock";
  private static final String OWNER = "pid";

  private final Path folder;
  private final FileChannel lock;

  private StagingFolder(Path folder, FileChannel lock) {
    this.folder = folder;
    this.lock = lock;
  }

  /**
   * Makes a fresh one below a folder for temporary files, and sweeps there.
   *
   * @param use what it is for; the folder's name begins with it
   */
  public static StagingFolder create(Path temporary, String use) throws IOException {
    String prefix = "parley-%s-".formatted(use);
    sweep(temporary, prefix);
    Path folder = Files.createTempDirectory(temporary, prefix);
    FileChannel lock =
        FileChannel.open(
            folder.resolve(LOCK), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    if (lock.tryLock() == null) {
      throw new IOException("somebody else locked " + folder);
    }
    Files.writeString(folder.resolve(OWNER), self());
    // The enclaves' user passes through to what it may see.
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwx--x--x"));
    return new StagingFolder(folder, lock);
  }

  public Path path() {
    return folder;
  }

  @Override
  public void close() {
    try (lock) {
      Folders.delete(folder);
    } catch (IOException e) {
      LOG.warn("{} could not be removed: {}", folder, e.getMessage());
    }
  }

  private static void sweep(Path temporary, String prefix) throws IOException {
    List<Path> folders;
    try (Stream<Path> files = Files.list(temporary)) {
      folders = files.filter(file -> file.getFileName().toString().startsWith(prefix)).toList();
    }
    for (Path folder : folders) {
      removeIfDead(folder);
    }
  }

  private static void removeIfDead(Path folder) {
    Path file = folder.resolve(LOCK);
    // A folder without its lock is being made or being removed.
    if (!Files.isWritable(file) || ours(folder)) {
      return;
    }
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE);
        FileLock lock = channel.tryLock()) {
      if (lock != null) {
        Folders.delete(folder);
        LOG.info("removed {}, left by a process that is gone", folder);
      }
    } catch (IOException | OverlappingFileLockException e) {
      LOG.debug("{} stays: {}", folder, e.getMessage());
    }
  }

  /**
   * The lock of another launcher of this process must not even be opened: closing it again would
   * let the lock go (fcntl(2)).
   */
  private static boolean ours(Path folder) {
    try {
      return Files.readString(folder.resolve(OWNER)).equals(self());
    } catch (IOException e) {
      return false;
    }
  }

  private static String self() {
    return Long.toString(ProcessHandle.current().pid());
  }
}
