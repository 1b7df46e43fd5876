package io.parley.broker.lifecycle;

import io.parley.agreement.Party;
import io.parley.broker.agreements.AgreementRows;
import io.parley.broker.agreements.StorageLimits;
import io.parley.broker.agreements.StoredAgreement;
import io.parley.broker.gates.Certificates;
import io.parley.broker.keys.DataKeys;
import io.parley.broker.keys.DatasetEpoch;
import io.parley.broker.keys.Epochs;
import io.parley.broker.keys.KeyName;
import io.parley.broker.log.AuditLog;
import io.parley.broker.log.Decision;
import io.parley.broker.log.Decision.Action;
import io.parley.broker.store.Store;
import io.parley.wire.Digest;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import org.jdbi.v3.core.Handle;

/**
 * The keys of datasets, in the hands of their owners.
 *
 * <p>Guarantee: what a method answers is on disk; no grant that is answered after it contradicts
 * it. An enclave that has a key already keeps it: what was released cannot be taken back.
 * Thread-safe.
 */
public final class DatasetKeys {
  /** Epochs of one dataset. */
  static final int EPOCHS_MAX = 1000;

  private final Store store;
  private final AuditLog log;
  private final DataKeys keys;
  private final StorageLimits limits;
  private final InstantSource clock;

  public DatasetKeys(
      Store store, AuditLog log, DataKeys keys, StorageLimits limits, InstantSource clock) {
    this.store = store;
    this.log = log;
    this.keys = keys;
    this.limits = limits;
    this.clock = clock;
  }

  /**
   * A key of the next epoch, for jobs that are counted from now on.
   *
   * @param newest epoch as the owner knows it; when the next one exists already, that is the answer
   * @throws RefusedException AGREEMENT_NOT_FOUND, NOT_A_PARTY, DATASET_NOT_FOUND, NOT_YOURS,
   *     AGREEMENT_NOT_ACTIVE, KEYS_SHREDDED, KEY_REVOKED, INVALID_REQUEST for another newest epoch,
   *     TOO_MANY
   */
  public DatasetEpoch rotate(Party party, Digest digest, String dataset, int newest) {
    return store.write(write -> {
      StoredAgreement stored = owned(write, party, digest, dataset);
      DatasetEpoch current = Epochs.newest(write, digest, dataset);
      requireNotRevoked(current, digest);
      if (current.epoch() == newest + 1) {
        return current;
      }
      if (current.epoch() != newest) {
        throw new RefusedException(
            Reason.INVALID_REQUEST,
            "the newest epoch of dataset '%s' is %d, not %d; list the keys and ask again"
                .formatted(dataset, current.epoch(), newest),
            Map.of("dataset", dataset, "epoch", Integer.toString(current.epoch())));
      }
      requireRoom(party, current);
      KeyName next = KeyName.dataset(digest, dataset, newest + 1);
      int firstJob = Math.addExact(stored.jobsStarted(), 1);
      keys.createEpoch(write, stored.requireKek(), next, firstJob, clock.instant());
      append(
          write,
          Action.ROTATE,
          party,
          digest,
          "dataset '%s' has epoch %d, from job %d on".formatted(dataset, next.epoch(), firstJob));
      return Epochs.newest(write, digest, dataset);
    });
  }

  /**
   * No more of an epoch that is not the newest. Again it has no effect.
   *
   * @throws RefusedException as {@link #rotate}; KEY_NOT_FOUND for an epoch that never was,
   *     INVALID_REQUEST for the newest
   */
  public DatasetEpoch retire(Party party, Digest digest, String dataset, int epoch) {
    return store.write(write -> {
      var _ = owned(write, party, digest, dataset);
      DatasetEpoch old = require(write, digest, dataset, epoch);
      requireNotRevoked(old, digest);
      if (old.newest()) {
        throw new RefusedException(
            Reason.INVALID_REQUEST,
            "epoch %d of dataset '%s' is the newest, which new jobs get; rotate it first, or revoke the"
                    .formatted(epoch, dataset)
                + " dataset",
            Map.of("dataset", dataset, "epoch", Integer.toString(epoch)));
      }
      if (old.retiredAt() != null) {
        return old;
      }
      keys.retire(write, KeyName.dataset(digest, dataset, epoch), clock.instant());
      append(
          write,
          Action.RETIRE,
          party,
          digest,
          "epoch %d of dataset '%s' is released no more".formatted(epoch, dataset));
      return require(write, digest, dataset, epoch);
    });
  }

  /**
   * No more of the dataset under this agreement, in no epoch, for good. Again it has no effect.
   *
   * @throws RefusedException AGREEMENT_NOT_FOUND, NOT_A_PARTY, DATASET_NOT_FOUND, NOT_YOURS,
   *     AGREEMENT_NOT_ACTIVE, KEYS_SHREDDED
   */
  public DatasetEpoch revoke(Party party, Digest digest, String dataset) {
    return store.write(write -> {
      StoredAgreement stored = owned(write, party, digest, dataset);
      DatasetEpoch newest = Epochs.newest(write, digest, dataset);
      if (newest.revoked()) {
        return newest;
      }
      keys.revoke(write, digest, dataset, clock.instant());
      Certificates.endAll(write, stored.agreement(), party.name());
      append(
          write,
          Action.REVOKE,
          party,
          digest,
          "dataset '%s' is released no more".formatted(dataset));
      return Epochs.newest(write, digest, dataset);
    });
  }

  /**
   * Epochs in the order they were made, for any party, after this number.
   *
   * @throws RefusedException AGREEMENT_NOT_FOUND, NOT_A_PARTY
   */
  public Page list(Party party, Digest digest, long after, int limit) {
    return store.read(read -> {
      StoredAgreement stored = AgreementRows.require(read, digest);
      stored.requireParty(party);
      return new Page(Epochs.list(read, digest, after, limit), stored.shreddedBy() != null);
    });
  }

  private static StoredAgreement owned(Handle write, Party party, Digest digest, String dataset) {
    StoredAgreement stored = AgreementRows.require(write, digest);
    stored.requireParty(party);
    String owner = stored.agreement().dataset(dataset).owner();
    if (!owner.equals(party.name())) {
      throw new RefusedException(
          Reason.NOT_YOURS,
          "dataset '%s' is of %s; its owner alone decides about its keys".formatted(dataset, owner),
          Map.of("dataset", dataset, "owner", owner, "party", party.name()));
    }
    var _ = stored.requireKek();
    return stored;
  }

  private static DatasetEpoch require(Handle write, Digest digest, String dataset, int epoch) {
    return Epochs.find(write, digest, dataset, epoch)
        .orElseThrow(() ->
            new RefusedException(
                Reason.KEY_NOT_FOUND,
                "dataset '%s' has no epoch %d".formatted(dataset, epoch),
                Map.of("dataset", dataset, "epoch", Integer.toString(epoch))));
  }

  private static void requireNotRevoked(DatasetEpoch epoch, Digest digest) {
    if (epoch.revoked()) {
      throw Epochs.revoked(epoch.dataset(), digest);
    }
  }

  private void requireRoom(Party party, DatasetEpoch current) {
    if (current.epoch() >= EPOCHS_MAX) {
      throw new RefusedException(
          Reason.TOO_MANY,
          "dataset '%s' has %d epochs, the most allowed; agree on a revision, which has keys of its own"
              .formatted(current.dataset(), current.epoch()),
          Map.of("dataset", current.dataset(), "limit", Integer.toString(EPOCHS_MAX)));
    }
    limits.requireRoomInRecord(party);
  }

  private void append(Handle write, Action action, Party party, Digest digest, String detail) {
    log.append(write, Decision.about(action, party.name(), digest, detail));
  }

  /**
   * Part of the list.
   *
   * @param shredded whether all of them are destroyed
   */
  public record Page(List<DatasetEpoch> epochs, boolean shredded) {}
}
