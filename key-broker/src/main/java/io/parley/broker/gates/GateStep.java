package io.parley.broker.gates;

import io.parley.broker.policy.Judgement;
import io.parley.gate.GateOrder;
import io.parley.wire.RefusedException;

/** What comes next for an enclave whose evidence the policy approved. */
public sealed interface GateStep {
  /** No gate is left. */
  record Passed() implements GateStep {}

  /** This one first. */
  record First(GateOrder order) implements GateStep {}

  /**
   * It did not pass one.
   *
   * @param recorded whether this is in the record now; not when it was there before
   */
  record Failed(RefusedException refusal, boolean recorded) implements GateStep {}

  /** It claims an outcome that is not its own. */
  record Wrong(Judgement.Refused refusal) implements GateStep {}
}
