package io.parley.identity;

import io.parley.wire.BugException;
import io.parley.wire.Conscrypted;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.spec.EncodedKeySpec;
import javax.security.auth.DestroyFailedException;

/** Signs Ed25519 by Conscrypt (BoringSSL), six times as fast as Bouncy Castle. */
final class NativeSigner implements AutoCloseable {
  private static final String ALGORITHM = "Ed25519";

  private final PrivateKey key;

  /**
   * @param seed the 32 secret bytes of RFC 8032, which are copied
   */
  NativeSigner(byte[] seed) {
    try {
      key = KeyFactory.getInstance(ALGORITHM, Conscrypted.PROVIDER).generatePrivate(new Raw(seed));
    } catch (GeneralSecurityException e) {
      throw new BugException("Conscrypt has Ed25519", e);
    }
  }

  byte[] sign(byte[] message) {
    try {
      Signature signature = Signature.getInstance(ALGORITHM, Conscrypted.PROVIDER);
      signature.initSign(key);
      signature.update(message);
      return signature.sign();
    } catch (GeneralSecurityException e) {
      throw new BugException("Conscrypt does not sign", e);
    }
  }

  /** Wipes Conscrypt's copy. */
  @Override
  public void close() {
    try {
      key.destroy();
    } catch (DestroyFailedException e) {
      throw new BugException("Conscrypt does not let go of a key", e);
    }
  }

  /** Conscrypt knows this kind of specification by the name of its format. */
  private static final class Raw extends EncodedKeySpec {
    Raw(byte[] bytes) {
      super(bytes);
    }

    @Override
    public String getFormat() {
      return "raw";
    }
  }
}
