package io.parley.broker.evidence;

import io.parley.evidence.Claims;
import io.parley.evidence.Evidence;
import io.parley.wire.Digest;

/**
 * Evidence whose platform signed it, about exactly these claims. Made by an {@link
 * EvidenceVerifier} only, so that nothing else reaches policy.
 */
public final class VerifiedEvidence {
  private final Evidence evidence;
  private final Claims claims;
  private final Digest shim;
  private final String isolation;

  VerifiedEvidence(Evidence evidence, Claims claims, Digest shim, String isolation) {
    this.evidence = evidence;
    this.claims = claims;
    this.shim = shim;
    this.isolation = isolation;
  }

  /** As it came. */
  public Evidence evidence() {
    return evidence;
  }

  /** What the enclave says. */
  public Claims claims() {
    return claims;
  }

  /** What the platform measured. */
  public Digest shim() {
    return shim;
  }

  /** How the platform isolated it. */
  public String isolation() {
    return isolation;
  }
}
