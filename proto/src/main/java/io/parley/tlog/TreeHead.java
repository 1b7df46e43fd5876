package io.parley.tlog;

import io.parley.wire.Digest;
import java.util.Objects;

/**
 * What a tree is, in short.
 *
 * @param size how many leaves it has
 * @param root the Merkle tree hash over them
 */
public record TreeHead(long size, Digest root) {
  /** The tree without leaves. */
  public static final TreeHead EMPTY = new TreeHead(0, MerkleTree.EMPTY_ROOT);

  public TreeHead {
    Objects.requireNonNull(root, "root");
    if (size < 0 || size > MerkleTree.SIZE_MAX) {
      throw new IllegalArgumentException("a tree has no %d leaves".formatted(size));
    }
  }
}
