package io.parley.broker.store;

/** Moments between which a crash leaves different things behind. */
public enum FaultPoint {
  /** An entry is appended, within the transaction. */
  APPENDED,
  /** A job is counted or keys are recorded as released: the work of one caller is done. */
  WORKED,
  /** All work of the transaction is done, the checkpoint is not written. */
  BEFORE_CHECKPOINT,
  /** The checkpoint is in the transaction. */
  CHECKPOINTED,
  /** The transaction is on disk, nobody has been answered. */
  COMMITTED,
  /** One of several callers has been answered. */
  ANSWERED,
  /** Tiles are written, the checkpoint's file is still the old one. */
  TILES_WRITTEN,
  /** The checkpoint's file is the new one. */
  FILED,
  /** A witness's cosignature is checked, and not stored. */
  COSIGNATURE_CHECKED
}
