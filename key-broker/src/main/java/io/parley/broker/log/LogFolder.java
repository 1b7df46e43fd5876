package io.parley.broker.log;

import com.google.protobuf.ByteString;
import io.parley.broker.store.FaultPoint;
import io.parley.broker.store.FaultPoints;
import io.parley.broker.store.Store;
import io.parley.identity.VerifyingKey;
import io.parley.tlog.CheckpointFiles;
import io.parley.tlog.SignedCheckpoint;
import io.parley.tlog.Tiles;
import io.parley.wire.Digest;
import io.parley.wire.EnvironmentException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The log as files beside the database, as C2SP tlog-tiles lays them out: made from the database
 * after its commits, by a thread of its own, and made anew from it when they are missing or
 * damaged. The checkpoint's file does more: it is the newest one that is known outside the
 * database, so an older database that is put in its place is found out at the next start.
 *
 * <p>Not guaranteed: that the files are as new as the database. They follow within a moment, and a
 * crash may leave them behind; they are never ahead of it.
 */
final class LogFolder implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(LogFolder.class);
  private static final Duration PAUSE = Duration.ofMillis(100);

  /** Before what could not be written is tried again. */
  private static final Duration RETRY = Duration.ofSeconds(1);

  private static final Duration CLOSE_MAX = Duration.ofSeconds(10);
  private static final String CONFLICTS = "conflicts";
  private static final String NOTE_SUFFIX = ".checkpoint";

  private final Path folder;
  private final Store store;
  private final FaultPoints faults;
  private final Thread thread;
  private @Nullable SignedCheckpoint newest;
  private long written;
  private boolean closed;

  /** Whether the last try failed; touched by the thread that follows only. */
  private boolean failing;

  /**
   * @param written how many entries the files are known to hold
   */
  private LogFolder(Path folder, Store store, FaultPoints faults, long written) {
    this.folder = folder;
    this.store = store;
    this.faults = faults;
    this.written = written;
    this.thread = Thread.ofPlatform().name("log-files").daemon().unstarted(this::follow);
  }

  /** Checkpoints that are known outside the database. */
  static List<LogCheck.Known> known(Path folder, VerifyingKey brokerKey) {
    List<LogCheck.Known> known = new ArrayList<>();
    Path checkpoint = folder.resolve(Tiles.CHECKPOINT);
    CheckpointFiles.read(checkpoint, brokerKey)
        .ifPresent(found -> known.add(new LogCheck.Known(checkpoint.toString(), found)));
    for (Path file : conflicts(folder)) {
      CheckpointFiles.read(file, brokerKey)
          .ifPresent(found -> known.add(new LogCheck.Known("shown by a witness, " + file, found)));
    }
    return known;
  }

  /**
   * Makes the files what the checked database says, and begins to follow it.
   *
   * @param checkpoint of the tree that is stored
   */
  static LogFolder open(Path folder, Store store, SignedCheckpoint checkpoint, FaultPoints faults) {
    LogFolder files = new LogFolder(folder, store, faults, 0);
    int repaired = files.write(checkpoint);
    if (repaired > 0) {
      LOG.info("{} files of the log were missing, old or damaged and were made anew", repaired);
    }
    // All conflicts were compared with the log, and are none any more.
    conflicts(folder).forEach(LogFolder::delete);
    files.thread.start();
    return files;
  }

  /** A newer checkpoint is on disk. Returns at once. */
  synchronized void follow(SignedCheckpoint checkpoint) {
    newest = checkpoint;
    notifyAll();
  }

  /** Keeps a checkpoint of this broker that its log does not contain, also for the next start. */
  void keepConflict(SignedCheckpoint checkpoint) {
    CheckpointFiles.write(
        folder
            .resolve(CONFLICTS)
            .resolve(
                "%d-%s%s"
                    .formatted(
                        checkpoint.head().size(),
                        checkpoint.head().root().hex().substring(0, 16),
                        NOTE_SUFFIX)),
        checkpoint);
  }

  /** Writes what is left to write, and ends. */
  @Override
  public void close() {
    synchronized (this) {
      closed = true;
      notifyAll();
    }
    try {
      if (!thread.join(CLOSE_MAX)) {
        LOG.warn("the log's files were not all written within {}", CLOSE_MAX);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void follow() {
    try {
      for (SignedCheckpoint next = take(); next != null; next = take()) {
        pause(wrote(next) ? PAUSE : RETRY);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Tries; what could not be written is for the next time, also when nothing more happens. */
  private boolean wrote(SignedCheckpoint checkpoint) {
    try {
      write(checkpoint);
      if (failing) {
        LOG.info("the log's files in {} are written again", folder);
      }
      failing = false;
      return true;
    } catch (UncheckedIOException | EnvironmentException e) {
      if (!failing) {
        LOG.error(
            "the log's files in {} cannot be written, which is tried again until it can: {}",
            folder,
            e.getMessage());
      }
    } catch (RuntimeException e) {
      if (!failing) {
        LOG.error("the log's files were not written, which is tried again", e);
      }
    }
    failing = true;
    again(checkpoint);
    return false;
  }

  private synchronized void again(SignedCheckpoint checkpoint) {
    if (newest == null && !closed) {
      newest = checkpoint;
    }
  }

  private synchronized void pause(Duration duration) throws InterruptedException {
    long end = System.nanoTime() + duration.toNanos();
    for (long left = duration.toMillis(); !closed && left > 0; ) {
      wait(left);
      left = Duration.ofNanos(end - System.nanoTime()).toMillis();
    }
  }

  private synchronized @Nullable SignedCheckpoint take() throws InterruptedException {
    while (newest == null && !closed) {
      wait();
    }
    SignedCheckpoint next = newest;
    newest = null;
    return next;
  }

  /** Brings the files up to this checkpoint; answers how many were not as they should be. */
  private int write(SignedCheckpoint checkpoint) {
    long size = checkpoint.head().size();
    int changed = 0;
    for (int level = 0; size >>> (level * Tiles.HEIGHT) > 0; level++) {
      changed += writeTiles(level, size);
    }
    changed += writeEntries(size);
    faults.reached(FaultPoint.TILES_WRITTEN);
    if (size > 0) {
      CheckpointFiles.write(folder.resolve(Tiles.CHECKPOINT), checkpoint);
    }
    written = size;
    faults.reached(FaultPoint.FILED);
    return changed;
  }

  private int writeTiles(int level, long size) {
    int changed = 0;
    int shift = (level + 1) * Tiles.HEIGHT;
    for (long number = written >>> shift; number << shift < size; number++) {
      int width = Tiles.width(level, number, size);
      if (width == 0) {
        break;
      }
      long start = number * Tiles.WIDTH;
      int of = level;
      List<Digest> hashes = store.read(read -> LogRows.hashes(read, of, start, start + width));
      changed +=
          put(
              Tiles.path(level, number, width),
              Tiles.path(level, number, 1),
              width,
              Tiles.encodeHashes(hashes));
    }
    return changed;
  }

  private int writeEntries(long size) {
    int changed = 0;
    for (long number = written / Tiles.WIDTH; number * Tiles.WIDTH < size; number++) {
      int width = Tiles.width(0, number, size);
      long start = number * Tiles.WIDTH;
      List<ByteString> entries = store.read(read -> LogRows.entries(read, start, start + width));
      changed +=
          put(
              Tiles.entriesPath(number, width),
              Tiles.entriesPath(number, 1),
              width,
              Tiles.encodeEntries(entries));
    }
    return changed;
  }

  /** Writes when it is not there just so, and deletes narrower forms of the same tile. */
  private int put(String path, String partial, int width, ByteString content) {
    Path file = folder.resolve(path);
    Path partials = folder.resolve(partial).getParent();
    try {
      if (Files.isRegularFile(file)
          && Files.size(file) == content.size()
          && ByteString.copyFrom(Files.readAllBytes(file)).equals(content)) {
        deleteNarrower(partials, width);
        return 0;
      }
      Files.createDirectories(file.getParent());
      Path fresh = file.resolveSibling("." + file.getFileName() + ".new");
      Files.write(fresh, content.toByteArray());
      Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      deleteNarrower(partials, width);
      return 1;
    } catch (IOException e) {
      throw new UncheckedIOException("%s: %s".formatted(file, e), e);
    }
  }

  private static void deleteNarrower(@Nullable Path partials, int width) throws IOException {
    if (partials == null || !Files.isDirectory(partials)) {
      return;
    }
    try (Stream<Path> files = Files.list(partials)) {
      for (Path file : files.toList()) {
        if (!file.getFileName().toString().equals(Integer.toString(width))) {
          Files.delete(file);
        }
      }
    }
    if (width == Tiles.WIDTH) {
      Files.delete(partials);
    }
  }

  private static List<Path> conflicts(Path folder) {
    Path conflicts = folder.resolve(CONFLICTS);
    if (!Files.isDirectory(conflicts)) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(conflicts)) {
      return files.filter(file -> file.toString().endsWith(NOTE_SUFFIX)).sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + conflicts, e);
    }
  }

  private static void delete(Path file) {
    try {
      Files.delete(file);
    } catch (IOException e) {
      LOG.warn("{} is settled and could not be deleted", file, e);
    }
  }
}
