package io.parley.broker.lifecycle;

import io.parley.broker.agreements.AgreementRows;
import io.parley.broker.keys.DataKeys;
import io.parley.broker.keys.KeyVault;
import io.parley.broker.keys.WrappedKey;
import io.parley.broker.store.Store;
import io.parley.seal.Secret;
import java.time.Instant;
import java.util.Optional;

/** Whether the vault is the one that the database's keys are in. */
public final class VaultCheck {
  private VaultCheck() {}

  /**
   * Opens one key of every agreement that keys may still be released under.
   *
   * @return how many agreements there were
   * @throws io.parley.wire.EnvironmentException KEY_VAULT_FAILED when a KEK is in another vault, or
   *     not in this one; STORE_FAILED when a key does not open
   */
  public static int check(Store store, KeyVault vault, Instant now) {
    int checked = 0;
    for (AgreementRows.Kek kek : store.read(AgreementRows::keks)) {
      Optional<WrappedKey> wrapped = store.read(read -> DataKeys.any(read, kek.agreement()));
      if (now.isBefore(kek.expires()) && wrapped.isPresent()) {
        try (Secret key = vault.unwrap(kek.bytes(), wrapped.get().name(), wrapped.get().bytes())) {
          checked++;
        }
      }
    }
    return checked;
  }
}
