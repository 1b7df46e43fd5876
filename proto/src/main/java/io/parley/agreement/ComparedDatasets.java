package io.parley.agreement;

import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Over which datasets an agreement's answers are compared with each other, and how many identities
 * two groups must differ by: where jobs can ask for one group after the other, be it that they
 * write the query or set its parameters, a smallest group is worth nothing without that. There is
 * nothing to switch on or off. In a chain, steps that keep to conditions are the same in every job,
 * so there is nothing to compare.
 */
public final class ComparedDatasets {
  private ComparedDatasets() {}

  /** The smallest group by dataset; nothing where answers need not be compared. */
  public static SortedMap<String, Integer> of(Agreement agreement) {
    return agreement.chain() == null
        ? of(agreement.datasets(), agreement.results(), agreement.queries(), agreement.parameters())
        : Collections.emptySortedMap();
  }

  /** As {@link #of(Agreement)}, for an agreement with one app that is not drafted yet. */
  public static SortedMap<String, Integer> of(
      List<Dataset> datasets,
      List<ResultRule> results,
      Queries queries,
      List<Parameter> parameters) {
    long smallest = StepConditions.minGroup(results);
    boolean asks =
        queries == Queries.WITHIN_RULES
            || parameters.stream().anyMatch(Parameter.Free.class::isInstance);
    TreeMap<String, Integer> compared = new TreeMap<>();
    if (smallest > 0 && asks) {
      for (Dataset dataset : datasets) {
        if (dataset.usage().hasIdentity()) {
          compared.put(dataset.name(), Math.toIntExact(smallest));
        }
      }
    }
    return Collections.unmodifiableSortedMap(compared);
  }
}
