package io.parley.broker.evidence;

import io.parley.evidence.Claims;
import io.parley.evidence.Evidence;

/** Well-formed evidence. Nothing it says has been checked. Made by {@link EvidenceParser} only. */
public final class ParsedEvidence {
  private final Evidence evidence;
  private final Claims claims;

  ParsedEvidence(Evidence evidence, Claims claims) {
    this.evidence = evidence;
    this.claims = claims;
  }

  /** As it came. */
  public Evidence evidence() {
    return evidence;
  }

  /** What it says about itself; not to be believed yet. */
  public Claims unverifiedClaims() {
    return claims;
  }
}
