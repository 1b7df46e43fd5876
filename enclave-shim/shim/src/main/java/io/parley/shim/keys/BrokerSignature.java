package io.parley.shim.keys;

import com.google.protobuf.ByteString;
import io.parley.identity.VerifyingKey;
import io.parley.shim.attest.Enclave;
import io.parley.wire.Digest;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.util.Map;
import java.util.Optional;

/** Whether an answer is the pinned broker's. The host may have made it up. */
final class BrokerSignature {
  private BrokerSignature() {}

  /**
   * The broker's key, when it is the agreement's and signed this.
   *
   * @return nothing when the signature does not verify
   * @throws RefusedException BROKER_KEY_WRONG
   */
  static Optional<VerifyingKey> verify(
      Enclave enclave, ByteString brokerKey, String label, ByteString bytes, ByteString signature) {
    Digest expected = enclave.agreement().broker();
    Digest seen = Digest.of(brokerKey);
    if (!seen.equals(expected)) {
      throw new RefusedException(
          Reason.BROKER_KEY_WRONG,
          "a broker with key %s answered; the agreement names %s".formatted(seen, expected),
          Map.of("expected", expected.toString(), "seen", seen.toString()));
    }
    VerifyingKey broker = new VerifyingKey(brokerKey);
    return broker.verify(label, bytes, signature) ? Optional.of(broker) : Optional.empty();
  }
}
