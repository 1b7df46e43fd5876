package io.parley.tlog;

import io.parley.wire.Digest;
import java.util.ArrayList;
import java.util.List;

/**
 * Proofs that a leaf is in a tree, and that one tree is how another began: made as RFC 6962,
 * sections 2.1.1 and 2.1.2, defines them, checked as RFC 9162, sections 2.1.3.2 and 2.1.4.2,
 * describes. Stateless and thread-safe.
 */
public final class TreeProofs {
  /** Most hashes that a proof can have. */
  public static final int LENGTH_MAX = 64;

  private TreeProofs() {}

  /** The root of the first {@code size} leaves. */
  public static Digest root(TreeNodes nodes, long size) {
    return size == 0 ? MerkleTree.EMPTY_ROOT : hash(nodes, 0, size);
  }

  /** PATH(index, D[size]): the audit path of a leaf, from its sibling up. */
  public static List<Digest> inclusion(TreeNodes nodes, long index, long size) {
    if (index < 0 || index >= size) {
      throw new IllegalArgumentException("leaf %d of a tree of %d".formatted(index, size));
    }
    List<Digest> path = new ArrayList<>();
    path(nodes, index, 0, size, path);
    return path;
  }

  /** PROOF(before, D[size]): that the tree of {@code size} begins with that of {@code before}. */
  public static List<Digest> consistency(TreeNodes nodes, long before, long size) {
    if (before < 0 || before > size) {
      throw new IllegalArgumentException("tree of %d in one of %d".formatted(before, size));
    }
    List<Digest> proof = new ArrayList<>();
    // The empty tree and the tree itself need no proof.
    if (before != 0 && before != size) {
      subproof(nodes, before, 0, size, true, proof);
    }
    return proof;
  }

  /** Whether the path leads from this leaf to the head's root. */
  public static boolean includes(TreeHead head, long index, Digest leaf, List<Digest> path) {
    if (index < 0 || index >= head.size() || path.size() > LENGTH_MAX) {
      return false;
    }
    long node = index;
    long last = head.size() - 1;
    Digest hash = leaf;
    for (Digest sibling : path) {
      if (last == 0) {
        return false;
      }
      if ((node & 1) == 1 || node == last) {
        hash = MerkleTree.node(sibling, hash);
        while ((node & 1) == 0 && node != 0) {
          node >>>= 1;
          last >>>= 1;
        }
      } else {
        hash = MerkleTree.node(hash, sibling);
      }
      node >>>= 1;
      last >>>= 1;
    }
    return last == 0 && hash.equals(head.root());
  }

  /** Whether the proof shows that {@code later} begins with all of {@code earlier}. */
  public static boolean consistent(TreeHead earlier, TreeHead later, List<Digest> proof) {
    if (earlier.size() > later.size() || proof.size() > LENGTH_MAX) {
      return false;
    }
    if (earlier.size() == later.size()) {
      return proof.isEmpty() && earlier.root().equals(later.root());
    }
    if (earlier.size() == 0) {
      return proof.isEmpty() && earlier.root().equals(MerkleTree.EMPTY_ROOT);
    }
    if (proof.isEmpty()) {
      return false;
    }
    return leadsToBoth(earlier, later, proof);
  }

  private static boolean leadsToBoth(TreeHead earlier, TreeHead later, List<Digest> proof) {
    long node = earlier.size() - 1;
    long last = later.size() - 1;
    while ((node & 1) == 1) {
      node >>>= 1;
      last >>>= 1;
    }
    // A tree that is one complete subtree of the later one is its own first hash.
    int next = Long.bitCount(earlier.size()) == 1 ? 0 : 1;
    Digest first = next == 0 ? earlier.root() : proof.getFirst();
    Digest second = first;
    for (Digest hash : proof.subList(next, proof.size())) {
      if (last == 0) {
        return false;
      }
      if ((node & 1) == 1 || node == last) {
        first = MerkleTree.node(hash, first);
        second = MerkleTree.node(hash, second);
        while ((node & 1) == 0 && node != 0) {
          node >>>= 1;
          last >>>= 1;
        }
      } else {
        second = MerkleTree.node(second, hash);
      }
      node >>>= 1;
      last >>>= 1;
    }
    return last == 0 && first.equals(earlier.root()) && second.equals(later.root());
  }

  private static void path(TreeNodes nodes, long index, long start, long end, List<Digest> path) {
    if (end - start == 1) {
      return;
    }
    long middle = start + split(end - start);
    if (index < middle) {
      path(nodes, index, start, middle, path);
      path.add(hash(nodes, middle, end));
    } else {
      path(nodes, index, middle, end, path);
      path.add(hash(nodes, start, middle));
    }
  }

  /** SUBPROOF; {@code whole} is true while the subtree is one that the earlier tree had whole. */
  private static void subproof(
      TreeNodes nodes, long before, long start, long end, boolean whole, List<Digest> proof) {
    if (before == end) {
      if (!whole) {
        proof.add(hash(nodes, start, end));
      }
      return;
    }
    long middle = start + split(end - start);
    if (before <= middle) {
      subproof(nodes, before, start, middle, whole, proof);
      proof.add(hash(nodes, middle, end));
    } else {
      subproof(nodes, before, middle, end, false, proof);
      proof.add(hash(nodes, start, middle));
    }
  }

  /** MTH(D[start:end]). */
  private static Digest hash(TreeNodes nodes, long start, long end) {
    long width = end - start;
    if (Long.bitCount(width) == 1) {
      int level = Long.numberOfTrailingZeros(width);
      return nodes.node(level, start >>> level);
    }
    long middle = start + split(width);
    return MerkleTree.node(hash(nodes, start, middle), hash(nodes, middle, end));
  }

  /** The largest power of two below {@code width}, which is at least 2. */
  private static long split(long width) {
    return Long.highestOneBit(width - 1);
  }
}
