package io.parley.broker.keys;

import com.google.protobuf.ByteString;
import io.parley.seal.Secret;
import io.parley.wire.Digest;

/**
 * Keeps key-encryption keys and uses them; no KEK ever leaves it in the clear.
 *
 * <p>What it wraps is authenticated together with the name it was wrapped under, so that a wrapped
 * key moved to another agreement, dataset, job or epoch does not open. Thread-safe.
 */
public interface KeyVault extends AutoCloseable {
  /** Whether a KEK in this form is one of this kind of vault's, wherever it is now. */
  boolean made(ByteString kek);

  /** A fresh KEK for the agreement, in the form that the vault wants to see again. */
  ByteString createKek(Digest agreement);

  /** The key wrapped by the agreement's KEK, bound to its name. */
  ByteString wrap(ByteString kek, KeyName name, Secret key);

  /**
   * The key again.
   *
   * @throws io.parley.wire.EnvironmentException STORE_FAILED when KEK or key are not what this
   *     vault made under that name; KEY_VAULT_FAILED when the vault cannot be used, or has no such
   *     KEK
   */
  Secret unwrap(ByteString kek, KeyName name, ByteString wrapped);

  /**
   * Destroys the agreement's KEK, as far as it is the vault that holds it; what the caller holds of
   * it, the caller destroys. No effect when there is none.
   */
  void destroyKek(Digest agreement);

  /** Forgets what was opened; destroys nothing. */
  @Override
  void close();
}
