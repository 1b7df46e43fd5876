package io.parley.broker.log;

import com.google.protobuf.ByteString;
import io.parley.broker.store.CommitHook;
import io.parley.broker.store.FaultPoint;
import io.parley.broker.store.FaultPoints;
import io.parley.broker.store.Store;
import io.parley.identity.SigningKey;
import io.parley.identity.VerifyingKey;
import io.parley.tlog.SignedCheckpoint;
import io.parley.tlog.Tiles;
import io.parley.tlog.TreeEdge;
import io.parley.wire.BugException;
import io.parley.wire.Digest;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The append-only log of decisions: an RFC 6962 tree over the exact bytes of its entries.
 *
 * <p>Guarantee: an entry is in the same transaction as the change it is about, and so is a
 * checkpoint, signed by the broker, of the tree that holds it; both are on disk before anybody is
 * answered. The broker signs no two checkpoints of which one is not how the other began. Not
 * guaranteed here: that somebody who can put back an older copy of everything is found out; {@link
 * LogCheck} and {@link WitnessDesk} are for that. Thread-safe.
 */
public final class AuditLog implements CommitHook {
  private static final Logger LOG = LoggerFactory.getLogger(AuditLog.class);

  private record State(TreeEdge edge, SignedCheckpoint checkpoint) {}

  /** An entry of a transaction that is not kept yet. */
  private record Leaf(Entry entry, io.parley.proto.broker.v1.Decision decision, Digest hash) {}

  private record Prepared(State state, List<Leaf> leaves) {}

  private final InstantSource clock;
  private final SecureRandom random;
  private final SigningKey brokerKey;
  private final LogSeal seal;
  private final FaultPoints faults;
  // These are touched by the thread that writes only.
  private final List<Leaf> appended = new ArrayList<>();
  private @Nullable Prepared prepared;

  /** Whether {@link #appended} may hold entries that were taken back. */
  private boolean undone;

  private volatile Consumer<SignedCheckpoint> published = checkpoint -> {};
  private volatile @Nullable State state;

  public AuditLog(
      InstantSource clock,
      SecureRandom random,
      SigningKey brokerKey,
      LogSeal seal,
      FaultPoints faults) {
    this.clock = clock;
    this.random = random;
    this.brokerKey = brokerKey;
    this.seal = seal;
    this.faults = faults;
  }

  /**
   * Goes on from a log that was checked; to be called before anything is appended.
   *
   * @param edge of the tree that is stored
   */
  SignedCheckpoint resume(Store store, TreeEdge edge) {
    SignedCheckpoint checkpoint =
        store
            .read(LogRows::checkpoint)
            .map(stored -> SignedCheckpoint.verify(stored.note(), brokerKey.verifyingKey()))
            .orElseGet(() -> SignedCheckpoint.sign(edge.head(), brokerKey));
    state = new State(edge, checkpoint);
    return checkpoint;
  }

  /** Whoever this is will be told of every new checkpoint that is on disk; it must not block. */
  void publishTo(Consumer<SignedCheckpoint> afterwards) {
    published = afterwards;
  }

  /** Appends, within the caller's write transaction; answers with the entry's index. */
  public long append(Handle write, Decision decision) {
    if (undone) {
      // It has taken its entries out of the table: others come in their places.
      forgetFrom(LogRows.size(write));
      undone = false;
    }
    long index = current().edge().size() + appended.size();
    Entry entry = Entry.of(index, clock.instant(), decision, random);
    Leaf leaf = new Leaf(entry, entry.message().getDecision(), entry.leaf());
    // The table refuses a second entry of this index, and beforeCommit a gap.
    LogRows.insert(write, entry, leaf.decision(), leaf.hash());
    appended.add(leaf);
    faults.reached(FaultPoint.APPENDED);
    return entry.index();
  }

  /** The newest checkpoint, which is on disk. */
  public SignedCheckpoint checkpoint() {
    return current().checkpoint();
  }

  VerifyingKey brokerKey() {
    return brokerKey.verifyingKey();
  }

  LogSeal seal() {
    return seal;
  }

  @Override
  public void afterUndo() {
    undone = true;
  }

  @Override
  public void beforeCommit(Handle write) {
    prepared = null;
    faults.reached(FaultPoint.BEFORE_CHECKPOINT);
    TreeEdge edge = current().edge();
    long size = LogRows.size(write);
    forgetFrom(size);
    undone = false;
    List<Leaf> leaves = List.copyOf(appended);
    for (Leaf leaf : leaves) {
      if (leaf.entry().index() != edge.size()) {
        throw new BugException("the log has a gap at entry " + edge.size());
      }
      edge = grow(write, edge, leaf.hash());
    }
    if (edge.size() != size) {
      throw new BugException(
          "the log has %d entries, and %d were appended".formatted(size, edge.size()));
    }
    if (leaves.isEmpty()) {
      return;
    }
    SignedCheckpoint checkpoint = SignedCheckpoint.sign(edge.head(), brokerKey);
    LogRows.putCheckpoint(write, stored(checkpoint));
    prepared = new Prepared(new State(edge, checkpoint), leaves);
    faults.reached(FaultPoint.CHECKPOINTED);
  }

  private void forgetFrom(long index) {
    while (!appended.isEmpty() && appended.getLast().entry().index() >= index) {
      appended.removeLast();
    }
  }

  @Override
  public void afterCommit() {
    if (prepared == null) {
      return;
    }
    Prepared now = prepared;
    prepared = null;
    appended.clear();
    state = now.state();
    published.accept(now.state().checkpoint());
    now.leaves().forEach(AuditLog::say);
  }

  /** A checkpoint as it is stored. */
  LogRows.StoredCheckpoint stored(SignedCheckpoint checkpoint) {
    ByteString note = checkpoint.encode();
    return new LogRows.StoredCheckpoint(checkpoint.head().size(), note, seal.seal(note));
  }

  /** One more leaf, and the stored nodes that it completes. */
  static TreeEdge grow(Handle write, TreeEdge edge, Digest leaf) {
    TreeEdge grown = edge.append(leaf);
    long hashes = grown.size();
    for (int level = 0; hashes % Tiles.WIDTH == 0; level++) {
      List<Digest> tile = LogRows.hashes(write, level, hashes - Tiles.WIDTH, hashes);
      hashes /= Tiles.WIDTH;
      LogRows.insertNode(write, level + 1, hashes - 1, Tiles.subtree(tile));
    }
    return grown;
  }

  private State current() {
    State current = state;
    if (current == null) {
      throw new BugException("the log is used before it was checked");
    }
    return current;
  }

  private static void say(Leaf leaf) {
    if (!LOG.isInfoEnabled()) {
      return;
    }
    var decision = leaf.decision();
    LOG.info(
        "decision {} {} party={} agreement={} job={} {} {}",
        leaf.entry().index(),
        decision.getAction(),
        decision.getParty(),
        decision.getAgreementSha256().isEmpty() ? "-" : new Digest(decision.getAgreementSha256()),
        decision.getJobId().isEmpty() ? "-" : decision.getJobId(),
        decision.getReason(),
        decision.getDetail());
  }
}
