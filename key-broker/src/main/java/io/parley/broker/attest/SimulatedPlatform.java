package io.parley.broker.attest;

import com.google.protobuf.ByteString;
import io.parley.evidence.BrokerEvidence;
import io.parley.evidence.BrokerStatement;
import io.parley.evidence.Evidence;
import io.parley.identity.SigningKey;
import java.util.List;

/** The broker vouches for itself: for rehearsals. It proves nothing about the broker's host. */
public final class SimulatedPlatform implements OwnPlatform {
  private final SigningKey key;

  public SimulatedPlatform(SigningKey key) {
    this.key = key;
  }

  @Override
  public BrokerEvidence about(BrokerStatement statement) {
    ByteString bytes = statement.encode();
    return new BrokerEvidence(
        Evidence.SIMULATED,
        bytes,
        key.sign(BrokerEvidence.SIMULATED_LABEL, bytes),
        List.of(),
        List.of());
  }
}
