package io.parley.broker.log;

import io.parley.tlog.Tiles;
import io.parley.tlog.TreeNodes;
import io.parley.wire.Digest;
import java.util.List;

/**
 * A tree of which every eighth level is stored, as tiles have it; the levels between are hashed
 * anew, from 256 hashes at most.
 */
final class StoredTree implements TreeNodes {
  /** Stored hashes of one tile level. */
  @FunctionalInterface
  interface Hashes {
    /** Those from {@code start} to before {@code end}, all of them. */
    List<Digest> of(int level, long start, long end);
  }

  private final Hashes hashes;

  StoredTree(Hashes hashes) {
    this.hashes = hashes;
  }

  @Override
  public Digest node(int level, long index) {
    int tileLevel = level / Tiles.HEIGHT;
    int above = level % Tiles.HEIGHT;
    return Tiles.subtree(hashes.of(tileLevel, index << above, (index + 1) << above));
  }
}
