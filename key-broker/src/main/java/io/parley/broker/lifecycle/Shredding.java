package io.parley.broker.lifecycle;

import io.parley.agreement.Party;
import io.parley.broker.agreements.AgreementRows;
import io.parley.broker.agreements.AgreementState;
import io.parley.broker.agreements.StoredAgreement;
import io.parley.broker.gates.Certificates;
import io.parley.broker.gates.GateRows;
import io.parley.broker.keys.DataKeys;
import io.parley.broker.keys.KeyVault;
import io.parley.broker.log.AuditLog;
import io.parley.broker.log.Decision;
import io.parley.broker.log.Decision.Action;
import io.parley.broker.store.Store;
import io.parley.wire.Digest;
import io.parley.wire.EnvironmentException;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.time.InstantSource;
import java.util.Map;

/**
 * Destroys all keys of an agreement.
 *
 * <p>Guarantee: when {@link #shred} returns, the KEK is gone from its vault, and no byte of it or
 * of a key that it wrapped is in the database's files. A shredding that a crash or the vault
 * interrupted releases nothing any more, and is finished by the next call or the next start. Not
 * guaranteed: anything about backups, about blocks that a disk keeps, or about keys that enclaves
 * have. Thread-safe.
 */
public final class Shredding {
  private final Store store;
  private final AuditLog log;
  private final DataKeys keys;
  private final KeyVault vault;
  private final InstantSource clock;

  public Shredding(Store store, AuditLog log, DataKeys keys, KeyVault vault, InstantSource clock) {
    this.store = store;
    this.log = log;
    this.keys = keys;
    this.vault = vault;
    this.clock = clock;
  }

  /**
   * For any party, once the agreement is halted or expired. Again it only finishes what was not.
   *
   * @throws RefusedException AGREEMENT_NOT_FOUND, NOT_A_PARTY, AGREEMENT_NOT_ACTIVE when it never
   *     had keys, AGREEMENT_NOT_HALTED
   * @throws EnvironmentException KEY_VAULT_FAILED when the KEK itself waits for its vault
   */
  public StoredAgreement shred(Party party, Digest digest) {
    store.write(write -> {
      StoredAgreement stored = AgreementRows.require(write, digest);
      stored.requireParty(party);
      if (stored.shreddedBy() != null) {
        return stored;
      }
      var _ = stored.requireKek();
      requireStopped(stored);
      keys.deleteAll(write, digest);
      GateRows.emptyAll(write, digest);
      stored
          .agreement()
          .gateOwners()
          .forEach(owner -> Certificates.endAll(write, stored.agreement(), owner));
      AgreementRows.shred(write, digest, party.name(), clock.instant());
      log.append(
          write, Decision.about(Action.SHRED, party.name(), digest, "its keys are destroyed"));
      return stored;
    });
    if (store.read(AgreementRows::toPurge).contains(digest)) {
      finish(digest);
    }
    return store.read(read -> AgreementRows.require(read, digest));
  }

  /** Finishes what was interrupted; at start, before anything is served. */
  public void finishAll() {
    store.read(AgreementRows::toPurge).forEach(this::finish);
  }

  private void finish(Digest digest) {
    vault.destroyKek(digest);
    store.purge();
    store.write(write -> {
      AgreementRows.purged(write, digest, clock.instant());
      return digest;
    });
  }

  private void requireStopped(StoredAgreement stored) {
    AgreementState state = stored.state(clock.instant());
    if (state != AgreementState.HALTED && state != AgreementState.EXPIRED) {
      throw new RefusedException(
          Reason.AGREEMENT_NOT_HALTED,
          "agreement '%s' is %s; halt it before its keys are destroyed, so that no job loses them"
                  .formatted(stored.agreement().name(), state)
              + " unawares",
          Map.of("agreement", stored.digest().toString(), "state", state.name()));
    }
  }
}
