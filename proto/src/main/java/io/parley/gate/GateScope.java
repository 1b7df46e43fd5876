package io.parley.gate;

import io.parley.agreement.Agreement;
import io.parley.agreement.Chain;
import io.parley.agreement.Column;
import io.parley.agreement.Dataset;
import io.parley.agreement.Gate;
import io.parley.agreement.Parameter;
import io.parley.agreement.ResultRule;
import io.parley.agreement.StepTerms;
import io.parley.wire.Digest;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What stands before a gate, and so what a verification set has to have: the app that is run, what
 * it reads, what it is told, what it writes. Immutable.
 *
 * @param app digest of the app's manifest
 * @param inputs columns by name, as the app gets them
 * @param outputs in the order in which the app is told of them
 * @param parameters as the app knows them
 */
public record GateScope(
    Digest app,
    SortedMap<String, List<Column>> inputs,
    List<String> outputs,
    List<Parameter> parameters) {
  public GateScope {
    inputs = Collections.unmodifiableSortedMap(new TreeMap<>(inputs));
    outputs = List.copyOf(outputs);
    parameters = List.copyOf(parameters);
  }

  /**
   * Of one of an agreement's gates.
   *
   * @throws io.parley.wire.RefusedException INVALID_REQUEST when the chain has no such step
   */
  public static GateScope of(Agreement agreement, Gate gate) {
    Chain chain = agreement.chain();
    if (chain == null) {
      TreeMap<String, List<Column>> inputs = new TreeMap<>();
      for (Dataset dataset : agreement.datasets()) {
        inputs.put(dataset.name(), dataset.releasedColumns());
      }
      return new GateScope(
          agreement.app(),
          inputs,
          agreement.results().stream().map(ResultRule::name).toList(),
          agreement.parameters());
    }
    StepTerms step = StepTerms.of(agreement, gate.step());
    return new GateScope(
        chain.step(gate.step()).app(),
        step.inputs(),
        step.outputs().stream().map(StepTerms.Output::name).toList(),
        step.parameters());
  }
}
