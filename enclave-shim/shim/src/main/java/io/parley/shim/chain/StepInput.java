package io.parley.shim.chain;

import io.parley.agreement.ChainStep;
import io.parley.agreement.Queries;
import io.parley.agreement.Shape;
import io.parley.shim.compute.AppInput;
import java.util.List;
import java.util.SortedMap;

/** What a step's app is told, on a verification set and on the real rows alike. */
final class StepInput {
  private StepInput() {}

  static AppInput of(
      ChainStep step, SortedMap<String, String> parameters, long memoryBytes, int threads) {
    return new AppInput(
        parameters,
        step.inputs().stream().map(input -> new AppInput.Table(input.name(), null)).toList(),
        step.outputs().stream()
            .map(output -> new AppInput.Wanted(output.name(), Shape.ANY))
            .toList(),
        Queries.FIXED,
        List.of(),
        memoryBytes,
        threads);
  }
}
