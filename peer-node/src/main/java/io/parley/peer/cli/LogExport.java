package io.parley.peer.cli;

import io.parley.proto.broker.v1.ReadableEntry;
import io.parley.tlog.CheckpointFiles;
import io.parley.tlog.SignedCheckpoint;
import io.parley.tlog.Tiles;
import io.parley.wire.Digest;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** Writes a log as files while it is checked; the checkpoint comes last. */
final class LogExport {
  private final Path folder;
  private final List<List<Digest>> open = new ArrayList<>();
  private final List<Long> done = new ArrayList<>();

  /**
   * @throws RefusedException ALREADY_EXISTS when the folder is there and not empty
   */
  LogExport(Path folder) throws IOException {
    this.folder = folder;
    if (Files.exists(folder)) {
      try (Stream<Path> files = Files.list(folder)) {
        if (files.findAny().isPresent()) {
          throw new RefusedException(
              Reason.ALREADY_EXISTS,
              "%s is not empty; choose another folder".formatted(folder),
              Map.of("folder", folder.toString()));
        }
      }
    }
  }

  /** The next entry. */
  void entry(ReadableEntry entry) {
    add(0, new Digest(entry.getLeafHash()));
    if (!entry.getEntry().isEmpty()) {
      write(LogDirectory.ENTRIES + "/" + entry.getIndex(), entry.getEntry().toByteArray());
    }
  }

  /** There is no further entry. */
  void finish(SignedCheckpoint checkpoint) {
    for (int level = 0; level < open.size(); level++) {
      if (!open.get(level).isEmpty()) {
        tile(level, open.get(level));
      }
    }
    CheckpointFiles.write(folder.resolve(Tiles.CHECKPOINT), checkpoint);
  }

  private void add(int level, Digest hash) {
    if (open.size() == level) {
      open.add(new ArrayList<>(Tiles.WIDTH));
      done.add(0L);
    }
    List<Digest> tile = open.get(level);
    tile.add(hash);
    if (tile.size() == Tiles.WIDTH) {
      tile(level, tile);
      Digest above = Tiles.subtree(tile);
      tile.clear();
      done.set(level, done.get(level) + 1);
      add(level + 1, above);
    }
  }

  private void tile(int level, List<Digest> hashes) {
    write(
        Tiles.path(level, done.get(level), hashes.size()),
        Tiles.encodeHashes(hashes).toByteArray());
  }

  private void write(String path, byte[] bytes) {
    Path file = folder.resolve(path);
    try {
      Files.createDirectories(file.getParent());
      Files.write(file, bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
