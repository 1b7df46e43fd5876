package io.parley.peer.broker;

import com.google.protobuf.ByteString;
import io.parley.evidence.BrokerEvidence;
import io.parley.wire.Digest;

/**
 * The broker, as one connection reaches it. Thread-safe. Calls block, and fail with a
 * ParleyException: what the broker answered, or BROKER_UNAVAILABLE.
 */
public interface BrokerSource {
  /**
   * What the broker shows about itself.
   *
   * @param certificate SHA-256 of the certificate of the connection that the answer came over
   */
  record Shown(BrokerEvidence evidence, Digest certificate) {}

  /** SHA-256 of the certificate that the broker's server shows now. */
  Digest certificate();

  /**
   * Asks for evidence about this nonce.
   *
   * @throws io.parley.wire.RefusedException BROKER_EVIDENCE_MISSING
   */
  Shown evidence(ByteString nonce);
}
