package io.parley.shim.attest;

import com.google.protobuf.ByteString;
import io.parley.evidence.Evidence;
import io.parley.evidence.ReportData;
import io.parley.shim.host.Platform;

/** Makes evidence: claims of this enclave, and what its platform says over them. */
public final class Attester {
  private final Platform platform;
  private final String kind;

  /**
   * @param kind of evidence that the platform gives
   */
  public Attester(Platform platform, String kind) {
    this.platform = platform;
    this.kind = kind;
  }

  /** Fresh evidence for this nonce. */
  public Evidence attest(Enclave enclave, ByteString nonce) {
    ByteString claims = enclave.claims(nonce).encode();
    return new Evidence(kind, claims, platform.attest(ReportData.of(claims)));
  }
}
