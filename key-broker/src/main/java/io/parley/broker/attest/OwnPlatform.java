package io.parley.broker.attest;

import io.parley.evidence.BrokerEvidence;
import io.parley.evidence.BrokerStatement;

/** What vouches for this broker. Thread-safe; a call may block for seconds. */
public interface OwnPlatform {
  /**
   * Evidence about this statement.
   *
   * @throws io.parley.wire.RefusedException BROKER_EVIDENCE_MISSING when nothing vouches for it
   * @throws io.parley.wire.EnvironmentException when the machine gives none now
   */
  BrokerEvidence about(BrokerStatement statement);
}
