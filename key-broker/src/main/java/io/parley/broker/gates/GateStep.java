package io.parley.broker.gates;

import io.parley.agreement.Gate;
import io.parley.broker.policy.Judgement;
import io.parley.gate.GateOrder;
import io.parley.wire.RefusedException;
import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;

/** What comes next for an enclave whose evidence the policy approved. */
public sealed interface GateStep {
  /**
   * No gate is left.
   *
   * @param certified those that were not run, for their steps passed before
   */
  record Passed(SortedMap<Gate, Certificate> certified) implements GateStep {
    public Passed {
      certified = Collections.unmodifiableSortedMap(new TreeMap<>(certified));
    }
  }

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
