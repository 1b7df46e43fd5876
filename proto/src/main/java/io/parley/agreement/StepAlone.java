package io.parley.agreement;

import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The parts of an agreement in which one step of a chain stands alone and does what it does in the
 * chain: what other steps would write for it is a dataset of the gate's owner, what it would write
 * for others is a result for that owner.
 */
final class StepAlone {
  private final ChainDraft chain;
  private final Gate gate;
  private final int index;

  /**
   * @throws RefusedException INVALID_REQUEST when the chain has no such step
   */
  StepAlone(ChainDraft chain, Gate gate) {
    this.chain = chain;
    this.gate = gate;
    List<String> names = chain.steps().stream().map(ChainRules.Step::name).toList();
    this.index = names.indexOf(gate.step());
    if (index < 0) {
      throw new RefusedException(
          Reason.INVALID_REQUEST,
          "the chain has no step '%s', only %s".formatted(gate.step(), names),
          Map.of("step", gate.step()));
    }
  }

  private StepFlow flow() {
    return chain.steps().get(index).flow();
  }

  ChainDraft chain() {
    StepFlow flow = flow();
    StepFlow alone =
        new StepFlow(
            flow.inputs(),
            flow.outputs().stream()
                .map(output -> new ChainOutput(output.name(), output.columns(), List.of()))
                .toList(),
            flow.parameters().stream().map(StepAlone::own).toList());
    return new ChainDraft(
        List.of(new ChainRules.Step(gate.step(), alone)),
        List.of(chain.apps().get(index)),
        flow.inputs().stream()
            .map(input -> new ChainGrant(input.name(), List.of(gate.step())))
            .toList());
  }

  private static ChainParameter own(ChainParameter parameter) {
    return switch (parameter) {
      case ChainParameter.Fixed fixed -> fixed;
      case ChainParameter.From from -> new ChainParameter.From(from.name(), from.name());
    };
  }

  /** By the names that the step knows. */
  List<Parameter> parameters(List<Parameter> whole) {
    List<Parameter> own = new ArrayList<>();
    for (ChainParameter parameter : flow().parameters()) {
      if (parameter instanceof ChainParameter.From from) {
        whole.stream()
            .filter(each -> each.name().equals(from.parameter()))
            .forEach(each ->
                own.add(
                    switch (each) {
                      case Parameter.Fixed fixed -> new Parameter.Fixed(from.name(), fixed.value());
                      case Parameter.Free free -> new Parameter.Free(from.name(), free.type());
                    }));
      }
    }
    return own;
  }

  List<Dataset> datasets(List<Dataset> whole, List<String> compute) {
    List<Dataset> read = new ArrayList<>();
    for (ChainInput input : flow().inputs()) {
      read.add(
          whole.stream()
              .filter(dataset -> dataset.name().equals(input.name()))
              .findFirst()
              .orElseGet(() -> handedOn(input.name(), compute)));
    }
    return read;
  }

  private Dataset handedOn(String name, List<String> compute) {
    List<Column> columns =
        chain.steps().stream()
            .flatMap(step -> step.flow().outputs().stream())
            .filter(output -> output.name().equals(name))
            .findFirst()
            .map(ChainOutput::columns)
            .orElse(List.of());
    return new Dataset(
        name,
        gate.owner(),
        columns,
        compute.stream().filter(party -> !party.equals(gate.owner())).toList(),
        GateRule.REQUIRED);
  }

  /** In the shape that the chain has them in, also what it hands on. */
  List<ResultRule> results(List<ResultRule> whole, List<Dataset> datasets) {
    StepConditions conditions = new StepConditions(datasets, whole);
    boolean bound = conditions.bind(flow());
    List<ResultRule> written = new ArrayList<>();
    for (ChainOutput output : flow().outputs()) {
      ResultRule rule =
          whole.stream()
              .filter(each -> each.name().equals(output.name()))
              .findFirst()
              .orElseGet(
                  () -> new ResultRule(output.name(), List.of(gate.owner()), Limits.MAX_ROWS));
      Shape shape = conditions.shape(output);
      // Nobody is in what a step gets that reads no conditioned dataset itself.
      Shape own = bound ? shape : new Shape(0, shape.rounding(), shape.schema());
      written.add(new ResultRule(rule.name(), rule.recipients(), rule.maxRows(), own, rule.keep()));
    }
    return written;
  }
}
