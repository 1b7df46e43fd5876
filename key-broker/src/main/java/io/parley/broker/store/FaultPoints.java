package io.parley.broker.store;

/** Is told when a {@link FaultPoint} is reached. A running broker has {@link #NONE}. */
@FunctionalInterface
public interface FaultPoints {
  /** Nothing happens at any of them. */
  FaultPoints NONE = point -> {};

  /** Called at every pass, by whichever thread gets there. */
  void reached(FaultPoint point);
}
