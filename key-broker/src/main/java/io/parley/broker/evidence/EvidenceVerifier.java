package io.parley.broker.evidence;

/**
 * Checks evidence of one kind: did that kind's root sign it, and is it about these very claims?
 * Thread-safe.
 */
public sealed interface EvidenceVerifier
    permits NitroEvidence, SimulatedVerifier, SnpEvidence, TdxEvidence, TpmEvidence {
  /** The kind, as evidence names it. */
  String kind();

  /** Checks. */
  Verification<VerifiedEvidence> verify(ParsedEvidence evidence, EvidenceContext context);
}
