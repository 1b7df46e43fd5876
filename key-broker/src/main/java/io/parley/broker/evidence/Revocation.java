package io.parley.broker.evidence;

/** Whether the vendor's revocation lists had a say. */
public enum Revocation {
  /** Current lists were there, and none of the certificates is on them. */
  CHECKED,
  /** There were no lists. */
  NOT_CHECKED
}
