package io.parley.peer.cli;

import com.google.protobuf.ByteString;
import io.parley.proto.broker.v1.ReadableEntry;
import io.parley.tlog.InclusionProof;
import io.parley.tlog.SignedNote;
import io.parley.tlog.Tiles;
import io.parley.wire.Digest;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A log as files: C2SP tiles, with the entries in bundles (a broker's) or one by one (exported).
 */
final class LogDirectory implements LogSource {
  static final String ENTRIES = "entries";

  private static final int BUNDLE_BYTES_MAX = Tiles.WIDTH * (0xffff + 2);

  private final Path folder;

  LogDirectory(Path folder) {
    this.folder = folder;
  }

  @Override
  public ByteString checkpoint() throws IOException {
    if (!Files.isDirectory(folder)) {
      throw new RefusedException(
          Reason.INVALID_REQUEST,
          "%s is no folder; expected one that 'parley log export' wrote".formatted(folder),
          Map.of("folder", folder.toString()));
    }
    return read(folder.resolve(Tiles.CHECKPOINT), SignedNote.SIZE_BYTES_MAX);
  }

  @Override
  public List<ReadableEntry> entries(long start, long size) throws IOException {
    long number = start / Tiles.WIDTH;
    int width = Tiles.width(0, number, size);
    List<Digest> leaves = leaves(number, size);
    List<ByteString> bundle = bundle(number, width);
    List<ReadableEntry> entries = new ArrayList<>();
    for (int at = 0; at < width; at++) {
      long index = number * Tiles.WIDTH + at;
      ReadableEntry.Builder entry =
          ReadableEntry.newBuilder().setIndex(index).setLeafHash(leaves.get(at).value());
      Path single = folder.resolve(ENTRIES).resolve(Long.toString(index));
      if (!bundle.isEmpty()) {
        entry.setEntry(bundle.get(at));
      } else if (!Files.notExists(single, LinkOption.NOFOLLOW_LINKS)) {
        entry.setEntry(read(single, InclusionProof.ENTRY_BYTES_MAX));
      }
      entries.add(entry.build());
    }
    return entries;
  }

  /** The leaf hashes of one tile. */
  private List<Digest> leaves(long number, long size) throws IOException {
    int width = Tiles.width(0, number, size);
    Path partial = folder.resolve(Tiles.path(0, number, width));
    // A full tile stands for every narrower one of its place.
    Path full = folder.resolve(Tiles.path(0, number, Tiles.WIDTH));
    Path tile =
        Files.notExists(partial, LinkOption.NOFOLLOW_LINKS) && Files.exists(full) ? full : partial;
    List<Digest> hashes = Tiles.decodeHashes(read(tile, Tiles.WIDTH * Digest.SIZE_BYTES));
    if (hashes.size() < width) {
      throw damaged(tile);
    }
    return hashes.subList(0, width);
  }

  private List<ByteString> bundle(long number, int width) throws IOException {
    Path file = folder.resolve(Tiles.entriesPath(number, width));
    if (Files.notExists(file, LinkOption.NOFOLLOW_LINKS)) {
      return List.of();
    }
    ByteString bytes = read(file, BUNDLE_BYTES_MAX);
    List<ByteString> entries = new ArrayList<>();
    int at = 0;
    while (at < bytes.size()) {
      int end = at + 2 <= bytes.size() ? at + 2 + length(bytes, at) : Integer.MAX_VALUE;
      // No entry is empty; an empty one stands for one that is not readable.
      if (end > bytes.size() || end == at + 2) {
        throw damaged(file);
      }
      entries.add(bytes.substring(at + 2, end));
      at = end;
    }
    if (entries.size() != width) {
      throw damaged(file);
    }
    return entries;
  }

  private static int length(ByteString bytes, int at) {
    return (bytes.byteAt(at) & 0xff) << Byte.SIZE | bytes.byteAt(at + 1) & 0xff;
  }

  private static ByteString read(Path file, int bytesMax) throws IOException {
    BasicFileAttributes found;
    try {
      found = Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
    } catch (NoSuchFileException e) {
      throw wrong(file, "is missing: this is not a whole log; export it anew", e);
    }
    if (!found.isRegularFile()) {
      // A pipe would have us wait, and a link leads to what is not this log's.
      throw wrong(file, "is a link, folder or device; expected a plain file", null);
    }
    if (found.size() == 0 || found.size() > bytesMax) {
      throw damaged(file);
    }
    return ByteString.copyFrom(Files.readAllBytes(file));
  }

  @Override
  public String toString() {
    return folder.toString();
  }

  private static RefusedException damaged(Path file) {
    return wrong(file, "is damaged: it does not hold what a log has there", null);
  }

  private static RefusedException wrong(Path file, String how, @Nullable Throwable cause) {
    return new RefusedException(
        Reason.INVALID_PROOF, file + " " + how, Map.of("file", file.toString()), cause);
  }
}
