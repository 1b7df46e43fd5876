package io.parley.identity;

import com.google.protobuf.ByteString;
import io.parley.wire.Digest;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.util.Base64;
import java.util.Map;
import java.util.Objects;
import org.bouncycastle.math.ec.rfc8032.Ed25519;

/**
 * An Ed25519 public key, 32 bytes as RFC 8032 encodes it.
 *
 * <p>Guarantee: the point is canonical, on the curve, and none of the eight of small order, so no
 * signature is good for every message. That it is of prime order is not checked: that costs more
 * than verifying a signature, and {@link #verify} does not multiply by the cofactor, so a part of
 * small order gives its owner nothing that the key itself does not. Immutable.
 */
public record VerifyingKey(ByteString value) {
  /** Length of a key. */
  public static final int SIZE_BYTES = Ed25519.PUBLIC_KEY_SIZE;

  /** Length of a signature. */
  public static final int SIGNATURE_BYTES = Ed25519.SIGNATURE_SIZE;

  /**
   * @throws RefusedException INVALID_REQUEST when this is no key
   */
  public VerifyingKey {
    Objects.requireNonNull(value, "value");
    if (value.size() != SIZE_BYTES) {
      throw new RefusedException(
          Reason.INVALID_REQUEST,
          "Ed25519 public key is %d bytes long; expected %d".formatted(value.size(), SIZE_BYTES),
          Map.of("size", Integer.toString(value.size())));
    }
    if (!Ed25519.validatePublicKeyPartial(value.toByteArray(), 0)) {
      throw new RefusedException(
          Reason.INVALID_REQUEST, "these 32 bytes are no Ed25519 public key (RFC 8032, 5.1.3)");
    }
  }

  /** Whether {@code signature} is by this key over {@code label || 0x00 || message}. */
  public boolean verify(String label, ByteString message, ByteString signature) {
    return verifyExact(Labels.prefixed(label, message), signature);
  }

  /**
   * Whether {@code signature} is by this key over exactly these bytes. Only for messages that carry
   * their own label, as DSSE's do.
   */
  public boolean verifyExact(ByteString message, ByteString signature) {
    if (signature.size() != SIGNATURE_BYTES) {
      return false;
    }
    return NativeVerifier.verify(
        value.toByteArray(), message.toByteArray(), signature.toByteArray());
  }

  /** SHA-256 of the 32 bytes: how agreements name a broker. */
  public Digest digest() {
    return Digest.of(value);
  }

  @Override
  public String toString() {
    return "ed25519:" + Base64.getEncoder().withoutPadding().encodeToString(value.toByteArray());
  }
}
