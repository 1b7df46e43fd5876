package io.parley.seal;

import com.google.protobuf.ByteString;
import io.parley.wire.BugException;
import io.parley.wire.RefusedException;
import java.util.Map;
import org.bouncycastle.crypto.AsymmetricCipherKeyPair;
import org.bouncycastle.crypto.InvalidCipherTextException;
import org.bouncycastle.crypto.hpke.HPKE;
import org.bouncycastle.crypto.hpke.HPKEContextWithEncapsulation;
import org.bouncycastle.crypto.params.AsymmetricKeyParameter;

/**
 * Seals 32-byte keys with HPKE, single shot, base mode (RFC 9180 section 6.1): sealed by Conscrypt
 * ({@link HpkeSender}), opened by Bouncy Castle.
 *
 * <p>Guarantees that whoever opens holds the private key and names the same {@link Binding}; says
 * nothing about who sealed.
 *
 * <p>Thread-safe: every call has its own engine.
 */
public final class Hpke {
  private Hpke() {}

  /**
   * Seals a key to {@code to}, under {@code binding}.
   *
   * @throws RefusedException INVALID_REQUEST when the public key cannot be used, for example an
   *     X25519 point of small order
   */
  public static SealedKey seal(String party, HpkePublicKey to, Binding binding, Secret key) {
    if (key.sizeBytes() != SealedKey.KEY_SIZE_BYTES) {
      throw new BugException(
          "sealing a key of %d bytes; expected %d"
              .formatted(key.sizeBytes(), SealedKey.KEY_SIZE_BYTES));
    }
    Sealed sealed = key.use(bytes -> HpkeSender.seal(to, binding, bytes));
    return new SealedKey(party, to.suite(), sealed.enc, sealed.ciphertext);
  }

  /**
   * Opens a key that was sealed to this pair under this binding.
   *
   * @throws RefusedException with the binding's reason when the suite is not the pair's, or it was
   *     changed, or sealed to another key or under another binding: which of those, nobody can say
   */
  public static Secret open(HpkeKeyPair pair, Binding binding, SealedKey sealed) {
    if (sealed.suite() != pair.publicKey().suite()) {
      throw new RefusedException(
          binding.refusal(),
          "key for '%s' is sealed with suite %s; expected %s"
              .formatted(sealed.party(), sealed.suite(), pair.publicKey().suite()),
          Map.of("party", sealed.party(), "suite", sealed.suite().name()));
    }
    return Secret.moveFrom(
        openBytes(pair, binding, new Sealed(sealed.enc(), sealed.ciphertext()), sealed.party()));
  }

  record Sealed(ByteString enc, ByteString ciphertext) {}

  /** By Bouncy Castle, with an ephemeral key of the caller's: for test vectors only. */
  static Sealed sealBytesWith(
      AsymmetricCipherKeyPair ephemeral, HpkePublicKey to, Binding binding, byte[] plaintext) {
    HPKE engine = to.suite().engine();
    AsymmetricKeyParameter key = engine.deserializePublicKey(to.key().toByteArray());
    return seal(
        engine.setupBaseS(key, binding.info().toByteArray(), ephemeral), binding, plaintext);
  }

  private static Sealed seal(
      HPKEContextWithEncapsulation context, Binding binding, byte[] plaintext) {
    try {
      byte[] ciphertext = context.seal(binding.aad().toByteArray(), plaintext);
      return new Sealed(
          ByteString.copyFrom(context.getEncapsulation()), ByteString.copyFrom(ciphertext));
    } catch (InvalidCipherTextException e) {
      throw HpkeSuite.broken(e);
    }
  }

  static byte[] openBytes(HpkeKeyPair pair, Binding binding, Sealed sealed, String party) {
    try {
      return pair.publicKey()
          .suite()
          .engine()
          .setupBaseR(sealed.enc.toByteArray(), pair.parameters(), binding.info().toByteArray())
          .open(binding.aad().toByteArray(), sealed.ciphertext.toByteArray());
    } catch (InvalidCipherTextException | IllegalArgumentException | IllegalStateException e) {
      // One message for every cause, and no cause: how it failed is nobody's business.
      throw new RefusedException(
          binding.refusal(),
          "sealed key for '%s' does not open: it was changed, or sealed to another key, or for"
                  .formatted(party)
              + " another agreement, job, dataset or evidence",
          Map.of("party", party));
    }
  }
}
