package io.parley.peer.witness;

import com.google.protobuf.ByteString;
import io.parley.identity.SigningKey;
import io.parley.identity.VerifyingKey;
import io.parley.tlog.NoteSignature;
import io.parley.tlog.SignedCheckpoint;
import io.parley.tlog.TreeProofs;
import io.parley.tlog.Witness;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The party's witness.
 *
 * <p>Guarantee: it cosigns a checkpoint only when the broker signed it and a proof shows that its
 * tree begins with the one that was last cosigned; what it cosigns is on this machine's disk before
 * the cosignature leaves. Once a broker showed it a shorter or another log, it keeps both signed
 * checkpoints and refuses that broker until an operator decides. Thread-safe.
 *
 * <p>Not guaranteed: that it has seen what the broker logged since the last round.
 */
public final class LogWitness {
  private static final Logger LOG = LoggerFactory.getLogger(LogWitness.class);
  // Each step cosigns a larger tree; the first may be one that others have cosigned already.
  private static final int STEPS_MAX = 4;

  private final Witness witness;
  private final SigningKey witnessKey;
  private final Path state;
  private final Supplier<VerifyingKey> broker;
  private final BrokerLog log;
  private final InstantSource clock;

  /**
   * @param party whose witness it is
   * @param state the node's folder for its state
   * @param broker the broker's key, as the newest membership list has it
   */
  public LogWitness(
      String party,
      SigningKey witnessKey,
      Path state,
      Supplier<VerifyingKey> broker,
      BrokerLog log,
      InstantSource clock) {
    this.witness = Witness.of(party, witnessKey.verifyingKey());
    this.witnessKey = witnessKey;
    this.state = state;
    this.broker = broker;
    this.log = log;
    this.clock = clock;
  }

  /**
   * Passes unless this broker's log is known to be forked.
   *
   * @throws RefusedException LOG_FORKED
   */
  public void requireUnforked() {
    WitnessFiles files = WitnessFiles.of(state, broker.get());
    if (files.isForked()) {
      throw forked(files);
    }
  }

  /**
   * One round: shows the broker what was last cosigned, and cosigns what it has now.
   *
   * @throws RefusedException LOG_FORKED, and what the broker refuses
   * @throws io.parley.wire.EnvironmentException BROKER_UNAVAILABLE; IO_FAILED when what was last
   *     cosigned cannot be read or the new one not be kept
   */
  public synchronized void round() {
    VerifyingKey key = broker.get();
    WitnessFiles files = WitnessFiles.of(state, key);
    if (files.isForked()) {
      throw forked(files);
    }
    @Nullable SignedCheckpoint last = files.cosigned().orElse(null);
    present(files, key, last);
    for (int step = 0; step < STEPS_MAX; step++) {
      long size = last == null ? 0 : last.head().size();
      SignedCheckpoint shown = SignedCheckpoint.verify(log.checkpoint(size), key);
      if (last != null && shown.head().equals(last.head())) {
        return;
      }
      requireContinues(files, last, shown);
      last = cosign(files, shown);
    }
  }

  private void present(WitnessFiles files, VerifyingKey key, @Nullable SignedCheckpoint last) {
    try {
      log.present(last == null ? ByteString.EMPTY : last.encode());
    } catch (RefusedException e) {
      if (e.reason() != Reason.LOG_FORKED || last == null) {
        throw e;
      }
      // The broker says so itself; what it has instead is the other half of the proof.
      requireContinues(files, last, SignedCheckpoint.verify(log.checkpoint(0), key));
      throw e;
    }
  }

  private SignedCheckpoint cosign(WitnessFiles files, SignedCheckpoint shown) {
    NoteSignature signature = witness.cosign(shown.checkpoint(), clock.instant(), witnessKey);
    SignedCheckpoint cosigned = shown.with(signature);
    files.cosigned(cosigned);
    log.addCosignature(cosigned.encode());
    return cosigned;
  }

  private void requireContinues(
      WitnessFiles files, @Nullable SignedCheckpoint last, SignedCheckpoint shown) {
    if (last != null && !continues(last, shown)) {
      files.forked(last, shown);
      RefusedException forked = forked(files);
      LOG.error("{}: {}", forked.reason(), forked.getMessage());
      throw forked;
    }
  }

  private boolean continues(SignedCheckpoint last, SignedCheckpoint shown) {
    if (shown.head().size() <= last.head().size()) {
      return shown.head().equals(last.head());
    }
    try {
      return TreeProofs.consistent(
          last.head(), shown.head(), log.consistency(last.head().size(), shown.head().size()));
    } catch (RefusedException e) {
      if (e.reason() == Reason.INVALID_REQUEST) {
        // It showed this checkpoint a moment ago, and now denies that it had such a tree.
        return false;
      }
      throw e;
    }
  }

  private static RefusedException forked(WitnessFiles files) {
    return new RefusedException(
        Reason.LOG_FORKED,
        "the broker's log of decisions is not the one that this node cosigned: it was set back or"
            + " forked. This node runs no job with that broker. Both signed checkpoints are in %s; once"
                .formatted(files.forkFolder())
            + " the parties know what happened, move that folder away to go on",
        Map.of("proof", files.forkFolder().toString()));
  }
}
