package io.parley.gate;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.parley.identity.SigningKey;
import io.parley.identity.VerifyingKey;
import io.parley.seal.HpkePublicKey;
import io.parley.wire.Digest;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import io.parley.wire.StrictMessages;
import java.util.Map;

/**
 * The key that verification sets are sealed to, vouched for by the broker that an agreement names.
 *
 * @param key exact bytes of an HpkePublicKey
 */
public record SignedGateKey(ByteString key, ByteString signature, ByteString brokerKey) {
  private static final String LABEL = "parley/v1/gate-key";

  /** Signed by the broker. */
  public static SignedGateKey sign(HpkePublicKey key, SigningKey broker) {
    ByteString bytes = StrictMessages.encode(key.toMessage());
    return new SignedGateKey(bytes, broker.sign(LABEL, bytes), broker.verifyingKey().value());
  }

  /**
   * The key, when it is this broker's.
   *
   * @param broker as the agreement names it
   * @throws RefusedException BROKER_KEY_WRONG
   */
  public HpkePublicKey open(Digest broker) {
    Digest seen = Digest.of(brokerKey);
    if (!seen.equals(broker) || !new VerifyingKey(brokerKey).verify(LABEL, key, signature)) {
      throw new RefusedException(
          Reason.BROKER_KEY_WRONG,
          "the key for verification sets is not vouched for by the agreement's broker %s, but by %s"
              .formatted(broker, seen),
          Map.of("expected", broker.toString(), "seen", seen.toString()));
    }
    try {
      return HpkePublicKey.fromMessage(io.parley.proto.agreement.v1.HpkePublicKey.parseFrom(key));
    } catch (InvalidProtocolBufferException e) {
      throw new RefusedException(
          Reason.BROKER_KEY_WRONG, "the broker's key for verification sets is none", Map.of(), e);
    }
  }
}
