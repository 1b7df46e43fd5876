package io.parley.broker.evidence;

import io.parley.agreement.Party;

/**
 * Checks evidence of one kind: did that kind's root sign it, and is it about these very claims?
 * Stateless and thread-safe.
 */
public sealed interface EvidenceVerifier permits SimulatedVerifier {
  /** The kind, as evidence names it. */
  String kind();

  /**
   * Checks.
   *
   * @param party the party that the enclave must belong to, as the agreement has it
   */
  Verification<VerifiedEvidence> verify(ParsedEvidence evidence, Party party);
}
