package io.parley.seal;

import com.google.protobuf.ByteString;
import io.parley.wire.BugException;
import io.parley.wire.Conscrypted;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.security.GeneralSecurityException;
import java.security.InvalidKeyException;
import java.security.KeyFactory;
import java.security.NoSuchAlgorithmException;
import java.security.PublicKey;
import java.security.spec.EncodedKeySpec;
import java.security.spec.InvalidKeySpecException;
import java.util.Map;
import org.conscrypt.HpkeContextSender;

/**
 * The sealing half of {@link Hpke}, by Conscrypt (BoringSSL): a key broker does little else, and
 * this is several times as fast as Bouncy Castle. Its randomness is BoringSSL's own, seeded by the
 * kernel. Stateless.
 */
final class HpkeSender {
  private HpkeSender() {}

  /**
   * Seals under the binding.
   *
   * @throws RefusedException INVALID_REQUEST when the public key cannot be used
   */
  static Hpke.Sealed seal(HpkePublicKey to, Binding binding, byte[] plaintext) {
    HpkeContextSender context = context(to.suite());
    try {
      context.init(key(to), binding.info().toByteArray());
    } catch (InvalidKeyException | InvalidKeySpecException | RuntimeException e) {
      // A RuntimeException and no more is how Conscrypt says that BoringSSL took no such key.
      throw new RefusedException(
          Reason.INVALID_REQUEST,
          "HPKE public key of suite %s cannot be used".formatted(to.suite()),
          Map.of("suite", to.suite().name()),
          e);
    }
    byte[] ciphertext = context.seal(plaintext, binding.aad().toByteArray());
    return new Hpke.Sealed(
        ByteString.copyFrom(context.getEncapsulated()), ByteString.copyFrom(ciphertext));
  }

  private static HpkeContextSender context(HpkeSuite suite) {
    try {
      return HpkeContextSender.getInstance(suite.conscryptName(), Conscrypted.PROVIDER);
    } catch (GeneralSecurityException e) {
      throw new BugException("Conscrypt has HPKE with " + suite, e);
    }
  }

  private static PublicKey key(HpkePublicKey to) throws InvalidKeySpecException {
    return factory(to.suite()).generatePublic(new Raw(to.key().toByteArray()));
  }

  private static KeyFactory factory(HpkeSuite suite) {
    try {
      return switch (suite) {
        case XWING -> KeyFactory.getInstance("XWING", Conscrypted.PROVIDER);
        case X25519 -> KeyFactory.getInstance("XDH", Conscrypted.PROVIDER);
      };
    } catch (NoSuchAlgorithmException e) {
      throw new BugException("Conscrypt has keys of " + suite, e);
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
