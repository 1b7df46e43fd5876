package io.parley.broker.evidence.collateral;

/** What the broker itself has of vendors. Thread-safe. */
@FunctionalInterface
public interface CollateralSource {
  /** Nothing: all of it must come with evidence. */
  CollateralSource NONE = () -> Collateral.NONE;

  /** As it is now. */
  Collateral current();
}
