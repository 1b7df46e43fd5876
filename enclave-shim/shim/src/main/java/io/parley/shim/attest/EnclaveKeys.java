package io.parley.shim.attest;

import io.parley.identity.SigningKey;
import io.parley.seal.HpkeKeyPair;
import io.parley.seal.HpkeSuite;
import java.security.SecureRandom;

/**
 * The two key pairs of one enclave, made when it starts and gone with it. They are made before the
 * enclave knows its job, with the suite that agreements name unless they say otherwise.
 *
 * @param receive keys are sealed to it
 * @param signing signs what the enclave puts out
 */
public record EnclaveKeys(HpkeKeyPair receive, SigningKey signing) implements AutoCloseable {
  /** A fresh pair of each, to receive with X-Wing. */
  public static EnclaveKeys generate(SecureRandom random) {
    return new EnclaveKeys(
        HpkeKeyPair.generate(HpkeSuite.XWING, random), SigningKey.generate(random));
  }

  /**
   * The same keys where they receive with this suite; else a fresh receive key of it, and the old
   * one is wiped.
   */
  public EnclaveKeys receivingWith(HpkeSuite suite, SecureRandom random) {
    if (receive.publicKey().suite() == suite) {
      return this;
    }
    receive.close();
    return new EnclaveKeys(HpkeKeyPair.generate(suite, random), signing);
  }

  @Override
  public void close() {
    receive.close();
    signing.close();
  }
}
