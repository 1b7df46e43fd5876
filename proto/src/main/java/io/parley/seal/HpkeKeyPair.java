package io.parley.seal;

import com.google.protobuf.ByteString;
import java.security.SecureRandom;
import org.bouncycastle.crypto.AsymmetricCipherKeyPair;
import org.bouncycastle.crypto.hpke.HPKE;

/**
 * An HPKE key pair. The private key is 32 bytes in either suite (X-Wing keys are their seed).
 * Closing wipes it.
 */
public final class HpkeKeyPair implements AutoCloseable {
  private final HpkePublicKey publicKey;
  private final Secret privateKey;

  private HpkeKeyPair(HpkePublicKey publicKey, Secret privateKey) {
    this.publicKey = publicKey;
    this.privateKey = privateKey;
  }

  /** A fresh pair. */
  public static HpkeKeyPair generate(HpkeSuite suite, SecureRandom random) {
    return of(suite, Secret.random(HpkeSuite.PRIVATE_KEY_SIZE_BYTES, random));
  }

  /**
   * The pair of this private key, which it takes over.
   *
   * @throws io.parley.wire.RefusedException INVALID_REQUEST when it is not 32 bytes long
   */
  public static HpkeKeyPair of(HpkeSuite suite, Secret privateKey) {
    suite.checkSize("HPKE private key", HpkeSuite.PRIVATE_KEY_SIZE_BYTES, privateKey.sizeBytes());
    HPKE engine = suite.engine();
    AsymmetricCipherKeyPair pair = parameters(engine, privateKey);
    byte[] encoded = engine.serializePublicKey(pair.getPublic());
    return new HpkeKeyPair(new HpkePublicKey(suite, ByteString.copyFrom(encoded)), privateKey);
  }

  public HpkePublicKey publicKey() {
    return publicKey;
  }

  /** For storing the key. Stays this pair's own: do not close it. */
  public Secret privateKey() {
    return privateKey;
  }

  @Override
  public void close() {
    privateKey.close();
  }

  @Override
  public String toString() {
    return "HpkeKeyPair[" + publicKey.suite() + "]";
  }

  /**
   * As Bouncy Castle wants it: with copies of the private key, which it leaves to the collector.
   */
  AsymmetricCipherKeyPair parameters() {
    return parameters(publicKey.suite().engine(), privateKey);
  }

  private static AsymmetricCipherKeyPair parameters(HPKE engine, Secret privateKey) {
    return privateKey.use(bytes -> engine.deserializePrivateKey(bytes, null));
  }
}
