package io.parley.broker.agreements;

/**
 * Where an agreement stands. Keys are released under {@link #ACTIVE} ones, and to jobs of a {@link
 * #SUPERSEDED} one that were counted before it was.
 */
public enum AgreementState {
  /** Not all have signed. */
  PROPOSED,
  /** All have signed, nobody has halted it, its time is not up. */
  ACTIVE,
  /** A party halted it, and not every party has asked to resume since. */
  HALTED,
  /** Its time is up, whatever else is true of it. */
  EXPIRED,
  /** A revision took its place. */
  SUPERSEDED,
  /** Its keys are destroyed, whatever else is true of it. */
  SHREDDED
}
