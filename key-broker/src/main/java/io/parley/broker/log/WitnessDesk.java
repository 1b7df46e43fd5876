package io.parley.broker.log;

import com.google.protobuf.ByteString;
import io.parley.agreement.Party;
import io.parley.broker.store.FaultPoint;
import io.parley.broker.store.FaultPoints;
import io.parley.broker.store.Store;
import io.parley.identity.VerifyingKey;
import io.parley.tlog.NoteSignature;
import io.parley.tlog.SignedCheckpoint;
import io.parley.tlog.TreeHead;
import io.parley.tlog.TreeProofs;
import io.parley.tlog.Witness;
import io.parley.wire.Digest;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where the parties' witnesses come to. After every start of the broker each one shows what it last
 * cosigned: if the log does not contain it, all of the broker was set back, and nothing is served
 * any more.
 *
 * <p>Guarantee: once a checkpoint of this broker was shown that its log does not contain, every
 * call that asks for anything but the log is refused with LOG_FORKED, also after a restart, until
 * the log contains it. Thread-safe.
 */
public final class WitnessDesk {
  /** Cosigned checkpoints that are kept. */
  static final int COSIGNED_MAX = 256;

  private static final Logger LOG = LoggerFactory.getLogger(WitnessDesk.class);

  private final Store store;
  private final AuditLog log;
  private final LogKeeper keeper;
  private final Runnable onFork;
  private final FaultPoints faults;
  // By signing key: a name can be given to somebody else.
  private final Set<VerifyingKey> presented = ConcurrentHashMap.newKeySet();
  private final Map<Digest, Long> cosigned = new ConcurrentHashMap<>();
  private final AtomicReference<@Nullable RefusedException> forked = new AtomicReference<>();

  /**
   * @param onFork is run once, when the broker stops serving
   */
  public WitnessDesk(
      Store store, AuditLog log, LogKeeper keeper, Runnable onFork, FaultPoints faults) {
    this.store = store;
    this.log = log;
    this.keeper = keeper;
    this.onFork = onFork;
    this.faults = faults;
  }

  /** The checkpoint for a witness to cosign next, or the newest one for anybody. */
  public SignedCheckpoint checkpoint(long cosignedSize) {
    return store.read(read -> LogRows.cosigned(read, Math.addExact(cosignedSize, 1))).stream()
        .findFirst()
        .map(note -> SignedCheckpoint.verify(note, log.brokerKey()))
        .filter(found -> cosignedSize > 0)
        .orElseGet(log::checkpoint);
  }

  /**
   * That the log of the larger size begins with that of the smaller one.
   *
   * @throws RefusedException INVALID_REQUEST when the sizes are none that it had
   */
  public List<Digest> consistency(long from, long to) {
    if (from < 0 || from > to || to > log.checkpoint().head().size()) {
      throw new RefusedException(
          Reason.INVALID_REQUEST,
          "no proof from %d to %d entries: the log has %d"
              .formatted(from, to, log.checkpoint().head().size()),
          Map.of("size", Long.toString(log.checkpoint().head().size())));
    }
    return store.read(read -> TreeProofs.consistency(LogRows.tree(read), from, to));
  }

  /**
   * What the party's witness last cosigned.
   *
   * @param note empty when it never cosigned
   * @throws RefusedException INVALID_CHECKPOINT or INVALID_SIGNATURE when it is not this broker's,
   *     LOG_FORKED when the log does not contain it
   */
  public void present(Party party, ByteString note) {
    if (note.isEmpty()) {
      LOG.info("the witness of {} has cosigned nothing yet", party.name());
    } else {
      requireContained(party, SignedCheckpoint.verify(note, log.brokerKey()));
    }
    presented.add(party.signingKey());
  }

  /**
   * Keeps the party's cosignature under a checkpoint. One for a smaller tree than its last is
   * ignored.
   *
   * @throws RefusedException as {@link #present}; INVALID_SIGNATURE also when the party's witness
   *     has not cosigned it
   */
  public void cosign(Party party, ByteString note) {
    SignedCheckpoint shown = SignedCheckpoint.verify(note, log.brokerKey());
    Witness witness = Witness.of(party.name(), party.witnessKey());
    NoteSignature cosignature =
        shown.note().signatures().stream()
            .filter(line -> witness.cosignedAt(shown.checkpoint(), line).isPresent())
            .findFirst()
            .orElseThrow(() ->
                new RefusedException(
                    Reason.INVALID_SIGNATURE,
                    "the checkpoint is not cosigned by the witness key that the membership list has"
                        + " for "
                        + party.name()));
    requireContained(party, shown);
    long size = shown.head().size();
    Digest key = party.signingKey().digest();
    if (size == 0 || cosigned.getOrDefault(key, 0L) >= size) {
      return;
    }
    faults.reached(FaultPoint.COSIGNATURE_CHECKED);
    store.write(write -> {
      SignedCheckpoint known =
          LogRows.cosignedOfSize(write, size)
              .map(stored -> SignedCheckpoint.verify(stored, log.brokerKey()))
              .orElseGet(() -> SignedCheckpoint.verify(withoutOthers(shown), log.brokerKey()));
      LogRows.putCosigned(write, size, known.with(cosignature).encode(), COSIGNED_MAX);
      return size;
    });
    cosigned.merge(key, size, Math::max);
  }

  /**
   * Passes when the party's witness has shown, since the start, what it last cosigned.
   *
   * @throws RefusedException LOG_NOT_WITNESSED, LOG_FORKED
   */
  public void requireWitnessed(Party party) {
    requireWhole();
    if (!presented.contains(party.signingKey())) {
      throw new RefusedException(
          Reason.LOG_NOT_WITNESSED,
          "since the broker was started the witness of %s has not shown it the checkpoint that it last"
                  .formatted(party.name())
              + " cosigned; that party's node does so by itself: start it, or look at its log",
          Map.of("party", party.name()));
    }
  }

  /**
   * Passes unless the log is known to be another than this broker signed for.
   *
   * @throws RefusedException LOG_FORKED
   */
  public void requireWhole() {
    RefusedException why = forked.get();
    if (why != null) {
      throw new RefusedException(why.reason(), String.valueOf(why.getMessage()), why.metadata());
    }
  }

  private void requireContained(Party party, SignedCheckpoint shown) {
    TreeHead head = shown.head();
    long size = log.checkpoint().head().size();
    boolean contained =
        head.size() <= size
            && store
                .read(read -> TreeProofs.root(LogRows.tree(read), head.size()))
                .equals(head.root());
    if (!contained) {
      throw forked(party, shown, size);
    }
  }

  private RefusedException forked(Party party, SignedCheckpoint shown, long size) {
    RefusedException why =
        LogCheck.forked(new LogCheck.Known("shown by the witness of " + party.name(), shown), size);
    if (forked.compareAndSet(null, why)) {
      LOG.error("{}: {}", why.reason(), why.getMessage());
      onFork.run();
    }
    keeper.keepConflict(shown);
    return why;
  }

  /** The note with the broker's signature alone. */
  private ByteString withoutOthers(SignedCheckpoint shown) {
    var key = SignedCheckpoint.key(log.brokerKey());
    return new io.parley.tlog.SignedNote(
            shown.note().text(),
            shown.note().signatures().stream().filter(key::named).limit(1).toList())
        .encode();
  }
}
