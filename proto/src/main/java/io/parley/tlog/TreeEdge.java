package io.parley.tlog;

import io.parley.wire.Digest;
import java.util.ArrayList;
import java.util.List;

/**
 * The right edge of a growing tree: the roots of the complete subtrees that it is made of, one per
 * bit of its size, largest first. All that appending and the root need. Immutable.
 */
public final class TreeEdge {
  /** The tree without leaves. */
  public static final TreeEdge EMPTY = new TreeEdge(0, List.of());

  private final long size;
  private final List<Digest> subtrees;

  private TreeEdge(long size, List<Digest> subtrees) {
    this.size = size;
    this.subtrees = subtrees;
  }

  /**
   * The edge of a tree of this size.
   *
   * @param nodes where its complete subtrees are
   */
  public static TreeEdge of(long size, TreeNodes nodes) {
    List<Digest> subtrees = new ArrayList<>();
    long start = 0;
    for (long left = size; left != 0; ) {
      int level = Long.SIZE - 1 - Long.numberOfLeadingZeros(left);
      subtrees.add(nodes.node(level, start >>> level));
      start += 1L << level;
      left -= 1L << level;
    }
    return new TreeEdge(size, List.copyOf(subtrees));
  }

  /** How many leaves the tree has. */
  public long size() {
    return size;
  }

  /** The tree with one more leaf. */
  public TreeEdge append(Digest leaf) {
    List<Digest> longer = new ArrayList<>(subtrees);
    Digest last = leaf;
    for (long bits = size; (bits & 1) == 1; bits >>>= 1) {
      last = MerkleTree.node(longer.removeLast(), last);
    }
    longer.add(last);
    return new TreeEdge(Math.addExact(size, 1), List.copyOf(longer));
  }

  /** Size and root. */
  public TreeHead head() {
    if (subtrees.isEmpty()) {
      return TreeHead.EMPTY;
    }
    Digest root = subtrees.getLast();
    for (Digest left : subtrees.subList(0, subtrees.size() - 1).reversed()) {
      root = MerkleTree.node(left, root);
    }
    return new TreeHead(size, root);
  }
}
