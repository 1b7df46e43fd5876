package io.parley.broker.log;

import io.parley.broker.store.Store;
import io.parley.identity.VerifyingKey;
import io.parley.proto.broker.v1.Decision;
import io.parley.tlog.MerkleTree;
import io.parley.tlog.SignedCheckpoint;
import io.parley.tlog.Tiles;
import io.parley.tlog.TreeEdge;
import io.parley.tlog.TreeHead;
import io.parley.wire.Digest;
import io.parley.wire.EnvironmentException;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/**
 * Reads the whole log at start, before anybody is served: every entry is hashed anew and compared
 * with its leaf hash, the stored nodes, the last checkpoint, and every checkpoint that this broker
 * is known to have signed.
 */
final class LogCheck {
  private final VerifyingKey brokerKey;
  private final LogSeal seal;
  private final List<Known> known;

  /**
   * A checkpoint that somebody relies on.
   *
   * @param where it was found, for the operator
   */
  record Known(String where, SignedCheckpoint checkpoint) {}

  /**
   * @param known outside the database
   */
  LogCheck(VerifyingKey brokerKey, LogSeal seal, List<Known> known) {
    this.brokerKey = brokerKey;
    this.seal = seal;
    this.known = List.copyOf(known);
  }

  /**
   * The tree's edge, when all of it is as it was written.
   *
   * @param seen is given every decision, in order
   * @throws EnvironmentException STORE_FAILED, naming the first entry that does not fit
   * @throws RefusedException LOG_FORKED when the log is shorter than, or another than, one that a
   *     known checkpoint was signed for
   */
  TreeEdge run(Store store, Consumer<Decision> seen) {
    return store.read(read -> {
      List<Known> all = new ArrayList<>(known);
      LogRows.cosigned(read, 0)
          .forEach(note ->
              all.add(
                  new Known("the database, cosigned", SignedCheckpoint.verify(note, brokerKey))));
      Pass pass = new Pass(all);
      try (var rows = LogRows.from(read, 0)) {
        rows.forEach(row -> {
          pass.next(row, read);
          seen.accept(row.entry().message().getDecision());
        });
      }
      if (LogRows.nodes(read) != pass.nodes) {
        throw broken(pass.edge.size(), "it has nodes beyond its end");
      }
      requireCheckpoint(read, pass.edge.head());
      pass.end();
      return pass.edge;
    });
  }

  private void requireCheckpoint(Handle read, TreeHead head) {
    LogRows.@Nullable StoredCheckpoint stored = LogRows.checkpoint(read).orElse(null);
    if (stored == null) {
      if (head.size() > 0) {
        throw broken(
            head.size(), "there is no checkpoint for its %d entries".formatted(head.size()));
      }
      return;
    }
    if (!MessageDigest.isEqual(
        stored.mac().toByteArray(), seal.seal(stored.note()).toByteArray())) {
      throw broken(stored.size(), "the seal on its last checkpoint is not this broker's");
    }
    TreeHead signed = verified(stored).head();
    if (signed.size() != head.size()) {
      throw broken(
          head.size(),
          "it has %d entries, its last checkpoint is for %d".formatted(head.size(), signed.size()));
    }
    if (!signed.root().equals(head.root())) {
      throw broken(head.size(), "its root is not that of its last checkpoint");
    }
  }

  private SignedCheckpoint verified(LogRows.StoredCheckpoint stored) {
    try {
      return SignedCheckpoint.verify(stored.note(), brokerKey);
    } catch (RefusedException e) {
      throw broken(stored.size(), "its last checkpoint is wrong: " + e.getMessage());
    }
  }

  private static EnvironmentException broken(long index, String how) {
    return new EnvironmentException(
        Reason.STORE_FAILED,
        "the log of decisions is broken: %s. Put back broker.db and master.key from one backup, or"
                .formatted(how)
            + " keep them as proof and set up a new broker",
        Map.of("entry", Long.toString(index)));
  }

  static RefusedException forked(Known known, long size) {
    TreeHead signed = known.checkpoint().head();
    String how =
        signed.size() > size
            ? "this broker signed a checkpoint for %d entries (%s), the log has %d: it was set back"
                .formatted(signed.size(), known.where(), size)
            : "the first %d entries are not those that this broker signed a checkpoint for (%s)"
                .formatted(signed.size(), known.where());
    return new RefusedException(
        Reason.LOG_FORKED,
        how
            + ". Nothing is served: put back the newest broker.db, or keep everything as proof and set"
            + " up a new broker",
        Map.of("signed_size", Long.toString(signed.size()), "size", Long.toString(size)));
  }

  /** One reading of all entries, in order. */
  private static final class Pass {
    private final List<Known> open;
    private final List<List<Digest>> tiles = new ArrayList<>();
    private TreeEdge edge = TreeEdge.EMPTY;
    private long nodes;

    Pass(List<Known> known) {
      open = new ArrayList<>(known);
      settle();
    }

    void next(LogRows.Row row, Handle read) {
      long index = row.entry().index();
      if (index != edge.size()) {
        throw broken(
            edge.size(), "entry %d is missing; entry %d comes next".formatted(edge.size(), index));
      }
      Digest leaf = MerkleTree.leaf(row.entry().bytes());
      if (!leaf.equals(row.leaf()) || !fits(row)) {
        throw broken(index, "entry %d was changed after it was written".formatted(index));
      }
      edge = edge.append(leaf);
      fill(0, leaf, read);
      settle();
    }

    /** Adds to the tile that is being filled, and compares what a full one makes. */
    private void fill(int level, Digest hash, Handle read) {
      if (tiles.size() == level) {
        tiles.add(new ArrayList<>(Tiles.WIDTH));
      }
      List<Digest> tile = tiles.get(level);
      tile.add(hash);
      if (tile.size() < Tiles.WIDTH) {
        return;
      }
      Digest node = Tiles.subtree(tile);
      tile.clear();
      long index = (edge.size() >>> (Tiles.HEIGHT * (level + 1))) - 1;
      if (!LogRows.hashes(read, level + 1, index, index + 1).equals(List.of(node))) {
        throw broken(
            edge.size() - 1,
            "node %d of level %d was changed after it was written".formatted(index, level + 1));
      }
      nodes++;
      fill(level + 1, node, read);
    }

    private static boolean fits(LogRows.Row row) {
      try {
        return row.fits();
      } catch (io.parley.wire.BugException e) {
        return false;
      }
    }

    /** Compares with the known checkpoints of just this size. */
    private void settle() {
      if (open.stream().noneMatch(known -> known.checkpoint().head().size() == edge.size())) {
        return;
      }
      TreeHead head = edge.head();
      for (Known known : List.copyOf(open)) {
        if (known.checkpoint().head().size() == head.size()) {
          if (!known.checkpoint().head().equals(head)) {
            throw forked(known, head.size());
          }
          open.remove(known);
        }
      }
    }

    void end() {
      if (!open.isEmpty()) {
        throw forked(open.getFirst(), edge.size());
      }
    }
  }
}
