package io.parley.shim.attest;

import io.parley.identity.SigningKey;
import io.parley.seal.HpkeKeyPair;
import io.parley.seal.HpkeSuite;
import java.security.SecureRandom;

/**
 * The two key pairs of one enclave, made when it starts and gone with it.
 *
 * @param receive keys are sealed to it
 * @param signing signs what the enclave puts out
 */
public record EnclaveKeys(HpkeKeyPair receive, SigningKey signing) implements AutoCloseable {
  public static EnclaveKeys generate(SecureRandom random) {
    return new EnclaveKeys(
        HpkeKeyPair.generate(HpkeSuite.XWING, random), SigningKey.generate(random));
  }

  @Override
  public void close() {
    receive.close();
    signing.close();
  }
}
