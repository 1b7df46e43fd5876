package io.parley.broker.evidence;

import io.parley.evidence.Claims;
import io.parley.evidence.Evidence;
import io.parley.wire.RefusedException;

/** The first stage: is it evidence at all? Stateless and thread-safe. */
public final class EvidenceParser {
  /**
   * Reads evidence and the claims in it.
   *
   * @throws RefusedException INVALID_EVIDENCE when they are not in form, or over a limit
   */
  public ParsedEvidence parse(io.parley.proto.enclave.v1.Evidence message) {
    Evidence evidence = Evidence.fromMessage(message);
    return new ParsedEvidence(evidence, Claims.parse(evidence.claims()));
  }
}
