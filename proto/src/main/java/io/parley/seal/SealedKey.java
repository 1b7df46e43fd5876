package io.parley.seal;

import com.google.protobuf.ByteString;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.util.Map;
import java.util.Objects;

/**
 * A 32-byte key, sealed with HPKE to one party or enclave. Lengths are exact: {@code enc} as the
 * suite says, {@code ciphertext} 32 + 16 bytes.
 *
 * @param party for finding one's own among several; what counts is the {@link Binding}
 */
public record SealedKey(String party, HpkeSuite suite, ByteString enc, ByteString ciphertext) {
  /** Length of every key that is sealed. */
  public static final int KEY_SIZE_BYTES = 32;

  static final int CIPHERTEXT_SIZE_BYTES = KEY_SIZE_BYTES + 16;
  private static final int MAX_PARTY_LENGTH = 63;

  /**
   * Checks the lengths.
   *
   * @throws RefusedException INVALID_REQUEST when they are not the suite's
   */
  public SealedKey {
    Objects.requireNonNull(suite, "suite");
    if (party.isEmpty() || party.length() > MAX_PARTY_LENGTH) {
      throw new RefusedException(
          Reason.INVALID_REQUEST,
          "party name of %d characters; expected 1 to %d"
              .formatted(party.length(), MAX_PARTY_LENGTH),
          Map.of("size", Integer.toString(party.length())));
    }
    suite.checkSize("enc", suite.encSizeBytes(), enc.size());
    suite.checkSize("sealed key", CIPHERTEXT_SIZE_BYTES, ciphertext.size());
  }

  public io.parley.proto.enclave.v1.SealedKey toMessage() {
    return io.parley.proto.enclave.v1.SealedKey.newBuilder()
        .setParty(party)
        .setSuite(suite.toMessage())
        .setEnc(enc)
        .setCiphertext(ciphertext)
        .build();
  }

  /**
   * From a message.
   *
   * @throws RefusedException INVALID_REQUEST for an unknown suite or a wrong length
   */
  public static SealedKey fromMessage(io.parley.proto.enclave.v1.SealedKey message) {
    return new SealedKey(
        message.getParty(),
        HpkeSuite.fromMessage(message.getSuite()),
        message.getEnc(),
        message.getCiphertext());
  }
}
