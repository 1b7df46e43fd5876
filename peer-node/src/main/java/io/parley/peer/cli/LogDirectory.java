package io.parley.peer.cli;

import com.google.protobuf.ByteString;
import io.parley.proto.broker.v1.ReadableEntry;
import io.parley.tlog.SignedNote;
import io.parley.tlog.Tiles;
import io.parley.wire.Digest;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

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
    return read(folder.resolve(Tiles.CHECKPOINT), SignedNote.SIZE_BYTES_MAX);
  }

  @Override
  public List<ReadableEntry> entries(long start, long size) throws IOException {
    long number = start / Tiles.WIDTH;
    int width = Tiles.width(0, number, size);
    List<Digest> leaves = hashes(read(tile(number, width), Tiles.WIDTH * Digest.SIZE_BYTES), width);
    List<ByteString> bundle = bundle(number, width);
    List<ReadableEntry> entries = new ArrayList<>();
    for (int at = 0; at < width; at++) {
      long index = number * Tiles.WIDTH + at;
      ReadableEntry.Builder entry =
          ReadableEntry.newBuilder().setIndex(index).setLeafHash(leaves.get(at).value());
      Path single = folder.resolve(ENTRIES).resolve(Long.toString(index));
      if (!bundle.isEmpty()) {
        entry.setEntry(bundle.get(at));
      } else if (Files.exists(single)) {
        entry.setEntry(read(single, 0xffff));
      }
      entries.add(entry.build());
    }
    return entries;
  }

  private Path tile(long number, int width) {
    Path tile = folder.resolve(Tiles.path(0, number, width));
    // A full tile stands for every narrower one of its place.
    return Files.exists(tile) ? tile : folder.resolve(Tiles.path(0, number, Tiles.WIDTH));
  }

  private List<ByteString> bundle(long number, int width) throws IOException {
    Path file = folder.resolve(Tiles.entriesPath(number, width));
    if (!Files.exists(file)) {
      return List.of();
    }
    ByteString bytes = read(file, BUNDLE_BYTES_MAX);
    List<ByteString> entries = new ArrayList<>();
    int at = 0;
    while (at < bytes.size()) {
      int end = at + 2 <= bytes.size() ? at + 2 + length(bytes, at) : Integer.MAX_VALUE;
      if (end > bytes.size()) {
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

  private List<Digest> hashes(ByteString tile, int width) {
    List<Digest> hashes = Tiles.decodeHashes(tile);
    if (hashes.size() < width) {
      throw damaged(folder);
    }
    return hashes.subList(0, width);
  }

  private static ByteString read(Path file, int bytesMax) throws IOException {
    if (Files.size(file) > bytesMax) {
      throw damaged(file);
    }
    return ByteString.copyFrom(Files.readAllBytes(file));
  }

  private static RefusedException damaged(Path file) {
    return new RefusedException(
        Reason.INVALID_PROOF,
        "%s is damaged: it does not hold what a log has there".formatted(file),
        Map.of("file", file.toString()));
  }
}
