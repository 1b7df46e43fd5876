package io.parley.shim.chain;

import io.parley.agreement.Agreement;
import io.parley.agreement.Chain;
import io.parley.agreement.ChainInput;
import io.parley.agreement.ChainOutput;
import io.parley.agreement.ChainStep;
import io.parley.agreement.Dataset;
import io.parley.agreement.ParameterValues;
import io.parley.agreement.Queries;
import io.parley.agreement.Shape;
import io.parley.agreement.StepConditions;
import io.parley.agreement.StepIdentity;
import io.parley.shim.compute.AppInput;
import io.parley.shim.measure.MeasuredApp;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;

/**
 * What a step's app is told, on a verification set and on the real rows alike: owners' conditions
 * where the step reads their datasets itself, nothing of them where it does not.
 */
final class StepInput {
  private final Agreement agreement;
  private final Chain chain;
  private final ChainStep step;
  private final StepConditions conditions;
  private final boolean bound;

  StepInput(Agreement agreement, Chain chain, ChainStep step) {
    this.agreement = agreement;
    this.chain = chain;
    this.step = step;
    this.conditions = StepConditions.of(agreement);
    this.bound = conditions.bind(step.flow());
  }

  /**
   * Passes when the app keeps to the conditions that the step must keep to.
   *
   * @throws RefusedException RULE_APP
   */
  void require(MeasuredApp app) {
    if (bound && !app.enforces(MeasuredApp.RULES)) {
      throw new RefusedException(
          Reason.RULE_APP,
          "the step reads a dataset with conditions, and its app's %s does not say 'enforces: [%s]'; let an app that does, such as sql, read it, and hand on what it may tell"
              .formatted(MeasuredApp.DESCRIPTION, MeasuredApp.RULES),
          Map.of("app", app.digest().toString(), "step", step.name()));
    }
  }

  AppInput of(SortedMap<String, String> parameters, long memoryBytes, int threads) {
    return new AppInput(
        parameters,
        ParameterValues.types(StepIdentity.parameters(step, agreement)),
        step.inputs().stream().map(this::table).toList(),
        step.outputs().stream().map(this::wanted).toList(),
        Queries.FIXED,
        List.of(),
        memoryBytes,
        threads);
  }

  private AppInput.Table table(ChainInput input) {
    if (!bound) {
      return new AppInput.Table(input.name(), null);
    }
    for (Dataset dataset : agreement.datasets()) {
      if (dataset.name().equals(input.name())) {
        return AppInput.Table.of(dataset);
      }
    }
    return new AppInput.Table(input.name(), null, chain.columns(input, agreement.datasets()));
  }

  private AppInput.Wanted wanted(ChainOutput output) {
    return new AppInput.Wanted(output.name(), bound ? conditions.shape(output) : Shape.ANY);
  }
}
