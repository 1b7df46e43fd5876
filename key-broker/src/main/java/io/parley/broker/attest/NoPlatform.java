package io.parley.broker.attest;

import io.parley.evidence.BrokerEvidence;
import io.parley.evidence.BrokerStatement;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;

/** Nothing vouches for this broker, and it says so. */
public final class NoPlatform implements OwnPlatform {
  @Override
  public BrokerEvidence about(BrokerStatement statement) {
    throw new RefusedException(
        Reason.BROKER_EVIDENCE_MISSING,
        "this broker shows no evidence of its own: its broker.yaml has no own_evidence");
  }
}
