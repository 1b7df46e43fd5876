package io.parley.peer.platform;

import com.google.protobuf.ByteString;
import io.parley.evidence.Evidence;
import io.parley.evidence.ReportData;
import io.parley.evidence.SimulatedEvidence;

/**
 * The platform that is a software key of the party's own. It proves nothing about the host: whoever
 * holds the key signs what they like.
 */
public final class SimulatedPlatform implements Platform {
  private final SimulatedEvidence.Signer key;

  public SimulatedPlatform(SimulatedEvidence.Signer key) {
    this.key = key;
  }

  @Override
  public String kind() {
    return Evidence.SIMULATED;
  }

  @Override
  public boolean measuresApps() {
    return false;
  }

  @Override
  public Launch measure(Measurement what) {
    return new Launch() {
      @Override
      public ByteString attest(ReportData reportData, Credentials credentials) {
        return SimulatedEvidence.sign(key, reportData, what.shim(), what.isolation());
      }

      @Override
      public void close() {}
    };
  }

  @Override
  public void close() {}
}
