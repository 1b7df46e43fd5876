package io.parley.agreement;

import io.parley.wire.Digest;
import io.parley.wire.Problems;
import io.parley.wire.Reason;
import io.parley.wire.Suggestions;
import java.util.List;
import java.util.Objects;

/**
 * One app of a chain, on its own inputs.
 *
 * @param app SHA-256 of the app's manifest
 */
public record ChainStep(String name, Digest app, StepFlow flow) {
  public ChainStep {
    Objects.requireNonNull(app, "app");
    Objects.requireNonNull(flow, "flow");
    Problems problems = new Problems();
    new Rules(problems).tableName("name", name);
    problems.throwIfAny(Reason.INVALID_AGREEMENT, "step '%s'".formatted(Suggestions.shown(name)));
  }

  /** What it reads, sorted by name. */
  public List<ChainInput> inputs() {
    return flow.inputs();
  }

  /** What it writes, in the order in which the app is told of it. */
  public List<ChainOutput> outputs() {
    return flow.outputs();
  }

  /** What the app is told, sorted by name. */
  public List<ChainParameter> parameters() {
    return flow.parameters();
  }
}
