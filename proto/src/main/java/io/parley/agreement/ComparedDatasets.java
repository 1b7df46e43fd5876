package io.parley.agreement;

import java.util.Collections;
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
    long smallest =
        agreement.results().stream().mapToLong(result -> result.shape().minGroup()).max().orElse(0);
    boolean asks =
        agreement.queries() == Queries.WITHIN_RULES
            || agreement.parameters().stream().anyMatch(Parameter.Free.class::isInstance);
    TreeMap<String, Integer> compared = new TreeMap<>();
    if (smallest > 0 && asks && agreement.chain() == null) {
      for (Dataset dataset : agreement.datasets()) {
        if (dataset.usage().hasIdentity()) {
          compared.put(dataset.name(), Math.toIntExact(smallest));
        }
      }
    }
    return Collections.unmodifiableSortedMap(compared);
  }
}
