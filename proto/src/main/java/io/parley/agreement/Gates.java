package io.parley.agreement;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * Which gates there are: one for each owner, or in a chain for each step that an owner's rows
 * reach.
 */
final class Gates {
  private Gates() {}

  /** Before the one app. */
  static SortedSet<Gate> ofApp(List<Dataset> datasets) {
    TreeSet<Gate> gates = new TreeSet<>();
    owners(datasets).forEach(owner -> gates.add(Gate.ofApp(owner)));
    return Collections.unmodifiableSortedSet(gates);
  }

  /** Before steps. */
  static SortedSet<Gate> ofSteps(List<Dataset> datasets, List<ChainRules.Step> steps) {
    TreeSet<Gate> gates = new TreeSet<>();
    for (String owner : owners(datasets)) {
      Set<String> rows =
          datasets.stream()
              .filter(dataset -> dataset.owner().equals(owner))
              .filter(dataset -> dataset.gate() == GateRule.REQUIRED)
              .map(Dataset::name)
              .collect(Collectors.toSet());
      reached(steps, rows).forEach(step -> gates.add(new Gate(owner, step)));
    }
    return Collections.unmodifiableSortedSet(gates);
  }

  private static Set<String> owners(List<Dataset> datasets) {
    return datasets.stream()
        .filter(dataset -> dataset.gate() == GateRule.REQUIRED)
        .map(Dataset::owner)
        .collect(Collectors.toSet());
  }

  /**
   * The steps that read these datasets, or what was made of them: a step runs after all it reads.
   */
  private static List<String> reached(List<ChainRules.Step> steps, Collection<String> datasets) {
    Set<String> tainted = new HashSet<>(datasets);
    List<String> reached = new ArrayList<>();
    for (ChainRules.Step step : steps) {
      if (tainted.stream().anyMatch(step.flow()::reads)) {
        reached.add(step.name());
        step.flow().outputs().forEach(output -> tainted.add(output.name()));
      }
    }
    return reached;
  }
}
