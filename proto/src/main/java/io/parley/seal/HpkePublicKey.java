package io.parley.seal;

import com.google.protobuf.ByteString;
import java.util.Objects;

/**
 * An HPKE public key as RFC 9180 serialises it: 32 bytes for X25519, 1216 for X-Wing. The length is
 * checked here; whether the bytes are a point or lattice vector that can be used shows when
 * something is sealed to them.
 */
public record HpkePublicKey(HpkeSuite suite, ByteString key) {
  /**
   * Checks the length.
   *
   * @throws io.parley.wire.RefusedException INVALID_REQUEST when it is not the suite's
   */
  public HpkePublicKey {
    Objects.requireNonNull(suite, "suite");
    Objects.requireNonNull(key, "key");
    suite.checkSize("HPKE public key", suite.publicKeySizeBytes(), key.size());
  }

  public io.parley.proto.agreement.v1.HpkePublicKey toMessage() {
    return io.parley.proto.agreement.v1.HpkePublicKey.newBuilder()
        .setSuite(suite.toMessage())
        .setKey(key)
        .build();
  }

  /**
   * From a message.
   *
   * @throws io.parley.wire.RefusedException INVALID_REQUEST for an unknown suite or a wrong length
   */
  public static HpkePublicKey fromMessage(io.parley.proto.agreement.v1.HpkePublicKey message) {
    return new HpkePublicKey(HpkeSuite.fromMessage(message.getSuite()), message.getKey());
  }
}
