package io.parley.agreement;

import com.google.protobuf.ByteString;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;

/**
 * One signature of an envelope.
 *
 * @param keyId name of the signer: a hint for finding the key, never trusted
 * @param sig Ed25519, 64 bytes; not verified by being here
 */
public record DsseSignature(String keyId, ByteString sig) {
  private static final int MAX_KEY_ID_CHARS = 256;
  private static final int MAX_SIG_BYTES = 256;

  public DsseSignature {
    if (keyId.length() > MAX_KEY_ID_CHARS || sig.size() > MAX_SIG_BYTES) {
      throw new RefusedException(
          Reason.INVALID_SIGNATURE,
          "signature has a keyid of %d characters and %d bytes; at most %d and %d"
              .formatted(keyId.length(), sig.size(), MAX_KEY_ID_CHARS, MAX_SIG_BYTES));
    }
  }
}
