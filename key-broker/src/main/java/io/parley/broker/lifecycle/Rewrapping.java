package io.parley.broker.lifecycle;

import com.google.protobuf.ByteString;
import io.parley.broker.agreements.AgreementRows;
import io.parley.broker.keys.DataKeys;
import io.parley.broker.keys.KeyVault;
import io.parley.broker.keys.WrappedKey;
import io.parley.broker.store.Store;
import io.parley.seal.Secret;
import org.jdbi.v3.core.Handle;

/**
 * Moves the keys of a broker that is not running from one vault to another: each agreement gets a
 * new KEK in the other one, and its data keys, which stay what they are, are wrapped by that.
 *
 * <p>Guarantee: an agreement is moved as a whole or not at all. A move that was interrupted is gone
 * on with by moving again; until it is done, no broker starts on the database.
 */
public final class Rewrapping {
  private final Store store;
  private final KeyVault from;
  private final KeyVault to;

  public Rewrapping(Store store, KeyVault from, KeyVault to) {
    this.store = store;
    this.from = from;
    this.to = to;
  }

  /**
   * Moves what is not in the other vault yet, then destroys the old KEKs.
   *
   * @return how many agreements were moved
   */
  public int run() {
    int moved = 0;
    for (AgreementRows.Kek kek : store.read(AgreementRows::keks)) {
      if (!to.made(kek.bytes())) {
        moved += store.write(write -> move(write, kek));
      }
    }
    store.read(AgreementRows::keks).forEach(kek -> from.destroyKek(kek.agreement()));
    store.purge();
    return moved;
  }

  private int move(Handle write, AgreementRows.Kek kek) {
    ByteString fresh = to.createKek(kek.agreement());
    for (WrappedKey old : DataKeys.all(write, kek.agreement())) {
      try (Secret key = from.unwrap(kek.bytes(), old.name(), old.bytes())) {
        DataKeys.replace(write, new WrappedKey(old.name(), to.wrap(fresh, old.name(), key)));
      }
    }
    AgreementRows.replaceKek(write, kek.agreement(), fresh);
    return 1;
  }
}
