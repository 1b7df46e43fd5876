package io.parley.agreement;

import io.parley.wire.Problems;
import io.parley.wire.Reason;
import java.util.Comparator;
import java.util.List;

/**
 * What goes into a step and what comes out, whatever app it is. Whether the names stand for
 * something is for the whole chain to tell ({@link ChainRules}).
 *
 * @param inputs sorted by name
 * @param outputs in the order in which the app is told of them
 * @param parameters sorted by name
 */
public record StepFlow(
    List<ChainInput> inputs, List<ChainOutput> outputs, List<ChainParameter> parameters) {
  public StepFlow {
    inputs = inputs.stream().sorted(Comparator.comparing(ChainInput::name)).toList();
    outputs = List.copyOf(outputs);
    parameters = parameters.stream().sorted(Comparator.comparing(ChainParameter::name)).toList();
    Problems problems = new Problems();
    Rules rules = new Rules(problems);
    rules.size("reads", inputs.size(), 1, Limits.MAX_DATASETS);
    rules.unique("reads", inputs.stream().map(ChainInput::name).toList());
    rules.size("writes", outputs.size(), 1, Limits.MAX_RESULTS);
    rules.size("params", parameters.size(), 0, Limits.MAX_PARAMETERS);
    rules.unique("params", parameters.stream().map(ChainParameter::name).toList());
    problems.throwIfAny(Reason.INVALID_AGREEMENT, "step");
  }

  /** Whether the step reads what has this name. */
  boolean reads(String name) {
    return inputs.stream().anyMatch(input -> input.name().equals(name));
  }
}
