package io.parley.tlog;

import io.parley.wire.Digest;

/** The hashes of a stored tree. */
@FunctionalInterface
public interface TreeNodes {
  /**
   * The root of the complete subtree over the leaves from {@code index * 2^level} on, {@code
   * 2^level} of them. Never asked for leaves beyond the tree.
   */
  Digest node(int level, long index);
}
