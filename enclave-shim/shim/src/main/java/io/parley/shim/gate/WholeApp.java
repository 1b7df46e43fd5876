package io.parley.shim.gate;

import io.parley.agreement.Agreement;
import io.parley.agreement.Gate;
import io.parley.agreement.ParameterValues;
import io.parley.gate.GateScope;
import io.parley.shim.compute.AppInput;
import io.parley.shim.release.OutputRules;
import java.nio.file.Path;
import java.util.List;
import java.util.SortedMap;

/**
 * The one app of an agreement.
 *
 * @param out where it leaves results
 */
public record WholeApp(Agreement agreement, Gate gate, Path out, long memoryBytes, int threads)
    implements GateSubject {
  @Override
  public GateScope scope() {
    return GateScope.of(agreement, gate);
  }

  @Override
  public AppInput input(SortedMap<String, String> parameters) {
    return new AppInput(
        parameters,
        ParameterValues.types(agreement.parameters()),
        agreement.datasets().stream().map(AppInput.Table::of).toList(),
        agreement.results().stream().map(AppInput.Wanted::of).toList(),
        agreement.queries(),
        // Made-up people are compared with nobody.
        List.of(),
        memoryBytes,
        threads);
  }

  @Override
  public List<Left> left() {
    return OutputRules.collect(out, agreement.results(), agreement.queries()).stream()
        .map(output -> new Left(output.format(), output.file()))
        .toList();
  }

  /** Results stay in the folder of the app. */
  @Override
  public void forget() {}
}
