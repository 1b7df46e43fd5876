package io.parley.tlog;

import com.google.protobuf.ByteString;
import io.parley.wire.Digest;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;

/**
 * A log as files: C2SP tlog-tiles. A hash tile holds up to 256 hashes that follow one another in
 * the tree, 8 levels above those of the tile level below; an entry bundle up to 256 entries, each
 * behind its length in 16 bits. Stateless and thread-safe.
 */
public final class Tiles {
  /** Hashes in a full tile, entries in a full bundle. */
  public static final int WIDTH = 256;

  /** Levels of the tree between two levels of tiles. */
  public static final int HEIGHT = 8;

  /** The checkpoint's file. */
  public static final String CHECKPOINT = "checkpoint";

  private static final int NUMBER_BASE = 1000;

  private Tiles() {}

  /** Where the hash tile is, relative to the log's folder; a width below 256 is a partial tile. */
  public static String path(int level, long number, int width) {
    return "tile/" + level + "/" + number(number) + partial(width);
  }

  /** Where the entry bundle is. */
  public static String entriesPath(long number, int width) {
    return "tile/entries/" + number(number) + partial(width);
  }

  /** How wide the tile is in a tree of this size; 0 when there is none. */
  public static int width(int level, long number, long size) {
    long hashes = level * HEIGHT >= Long.SIZE ? 0 : size >>> (level * HEIGHT);
    return Math.clamp(hashes - number * WIDTH, 0, WIDTH);
  }

  /** The tile's bytes. */
  public static ByteString encodeHashes(List<Digest> hashes) {
    return ByteString.copyFrom(hashes.stream().map(Digest::value).toList());
  }

  /** The hashes in a tile; empty when its length is none that a tile has. */
  public static List<Digest> decodeHashes(ByteString tile) {
    List<Digest> hashes = new ArrayList<>();
    if (tile.size() % Digest.SIZE_BYTES == 0 && tile.size() <= WIDTH * Digest.SIZE_BYTES) {
      for (int at = 0; at < tile.size(); at += Digest.SIZE_BYTES) {
        hashes.add(new Digest(tile.substring(at, at + Digest.SIZE_BYTES)));
      }
    }
    return hashes;
  }

  /** The bundle's bytes. */
  public static ByteString encodeEntries(List<ByteString> entries) {
    ByteArrayOutputStream bundle = new ByteArrayOutputStream();
    for (ByteString entry : entries) {
      if (entry.size() > InclusionProof.ENTRY_BYTES_MAX) {
        throw new IllegalArgumentException("an entry of %d bytes".formatted(entry.size()));
      }
      bundle.write(entry.size() >>> Byte.SIZE);
      bundle.write(entry.size());
      bundle.writeBytes(entry.toByteArray());
    }
    return ByteString.copyFrom(bundle.toByteArray());
  }

  /** The root of the complete subtree over these leaves, a power of two of them. */
  public static Digest subtree(List<Digest> hashes) {
    List<Digest> row = hashes;
    while (row.size() > 1) {
      List<Digest> above = new ArrayList<>(row.size() / 2);
      for (int at = 0; at < row.size(); at += 2) {
        above.add(MerkleTree.node(row.get(at), row.get(at + 1)));
      }
      row = above;
    }
    return row.getFirst();
  }

  private static String number(long number) {
    String path = "%03d".formatted(number % NUMBER_BASE);
    for (long rest = number / NUMBER_BASE; rest > 0; rest /= NUMBER_BASE) {
      path = "x%03d/%s".formatted(rest % NUMBER_BASE, path);
    }
    return path;
  }

  private static String partial(int width) {
    return width == WIDTH ? "" : ".p/" + width;
  }
}
