package io.parley.broker.evidence.collateral;

import io.parley.wire.EnvironmentException;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A folder of vendors' files, read again when it changes. Nothing is fetched: whoever runs the
 * broker puts the files there.
 *
 * <p>Guarantee: {@link #current} is the folder's content of at most a second ago, as a whole, or,
 * when that cannot be read, the last one that could be, which is told in the log; what is in it
 * ends by its own dates. Thread-safe.
 */
public final class CollateralFolder implements CollateralSource {
  private static final Logger LOG = LoggerFactory.getLogger(CollateralFolder.class);
  private static final int MAX_FILES = 256;
  private static final long LOOK_AGAIN_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final Path folder;
  private final LongSupplier nanoTime;
  private volatile Seen seen;
  private String told = "";

  /** What is there, by file, so that a change is noticed. */
  private record State(FileTime modified, long size) {}

  private record Seen(SortedMap<Path, State> files, Collateral collateral, long atNanos) {
    Seen again(long now) {
      return new Seen(files, collateral, now);
    }
  }

  private CollateralFolder(Path folder, LongSupplier nanoTime, Seen seen) {
    this.folder = folder;
    this.nanoTime = nanoTime;
    this.seen = seen;
  }

  /**
   * Reads the folder for the first time.
   *
   * @param nanoTime monotonic
   * @throws RefusedException INVALID_CONFIG that names the file that is none of a vendor's
   * @throws EnvironmentException IO_FAILED
   */
  public static CollateralFolder open(Path folder, LongSupplier nanoTime) {
    try {
      SortedMap<Path, State> files = files(folder);
      return new CollateralFolder(
          folder, nanoTime, new Seen(files, read(files), nanoTime.getAsLong()));
    } catch (IOException e) {
      throw new EnvironmentException(
          Reason.IO_FAILED,
          "cannot read the folder of collateral %s: %s".formatted(folder, e.getMessage()),
          Map.of("file", folder.toString()),
          e);
    }
  }

  @Override
  public Collateral current() {
    Seen last = seen;
    long now = nanoTime.getAsLong();
    return now - last.atNanos() < LOOK_AGAIN_NANOS ? last.collateral() : look(now).collateral();
  }

  private synchronized Seen look(long now) {
    Seen last = seen;
    if (now - last.atNanos() < LOOK_AGAIN_NANOS) {
      return last;
    }
    SortedMap<Path, State> files = last.files();
    try {
      files = files(folder);
      seen = files.equals(last.files()) ? last.again(now) : new Seen(files, read(files), now);
    } catch (IOException | RefusedException e) {
      tell(e.toString());
      // The same files are not read again.
      seen = new Seen(files, last.collateral(), now);
    }
    return seen;
  }

  /** Once, however often it is looked at. */
  private void tell(String problem) {
    if (!problem.equals(told)) {
      LOG.warn("collateral in {} stays as it was: {}", folder, problem);
      told = problem;
    }
  }

  private static SortedMap<Path, State> files(Path folder) throws IOException {
    SortedMap<Path, State> files = new TreeMap<>();
    try (Stream<Path> all = Files.list(folder)) {
      for (Path file : (Iterable<Path>) all::iterator) {
        BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
        if (attributes.isRegularFile() && !file.getFileName().toString().startsWith(".")) {
          files.put(file, new State(attributes.lastModifiedTime(), attributes.size()));
        }
        if (files.size() > MAX_FILES) {
          throw new IOException("more than %d files".formatted(MAX_FILES));
        }
      }
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
    return files;
  }

  private static Collateral read(SortedMap<Path, State> files) throws IOException {
    Collateral all = Collateral.NONE;
    for (Path file : files.keySet()) {
      try {
        all = all.and(Collateral.read(file.toString(), VendorFile.blocks(file)));
      } catch (RefusedException e) {
        throw new RefusedException(
            Reason.INVALID_CONFIG,
            "%s is neither certificates nor a revocation list nor an answer of Intel's: %s"
                .formatted(file, e.getMessage()),
            Map.of("file", file.toString()),
            e);
      }
    }
    return all;
  }
}
