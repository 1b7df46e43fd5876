package io.parley.agreement;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Owners' conditions in a chain. A step that reads a dataset with conditions keeps to them by
 * itself, in all that it writes: so what later steps get is no more than what could leave, and what
 * they make of it needs no conditions.
 */
public final class StepConditions {
  private final List<Dataset> datasets;
  private final List<ResultRule> results;
  private final long minGroup;

  StepConditions(List<Dataset> datasets, List<ResultRule> results) {
    this.datasets = List.copyOf(datasets);
    this.results = List.copyOf(results);
    this.minGroup = minGroup(results);
  }

  public static StepConditions of(Agreement agreement) {
    return new StepConditions(agreement.datasets(), agreement.results());
  }

  /** The largest smallest group; 0: none. */
  static long minGroup(List<ResultRule> results) {
    return results.stream().mapToLong(result -> result.shape().minGroup()).max().orElse(0);
  }

  /** Whether its owner allows some uses only, or has people in it whom a smallest group is for. */
  boolean conditioned(Dataset dataset) {
    return dataset.usage().isStated() || dataset.usage().hasIdentity() && minGroup > 0;
  }

  /** Whether a step reads a dataset with conditions itself, and so must keep to them. */
  public boolean bind(StepFlow flow) {
    return datasets.stream()
        .anyMatch(dataset -> flow.reads(dataset.name()) && conditioned(dataset));
  }

  /**
   * What an output of such a step must look like: a result as the agreement has it; what later
   * steps read tells of no smaller group than any result may.
   */
  public Shape shape(ChainOutput output) {
    Shape own =
        results.stream()
            .filter(result -> result.name().equals(output.name()))
            .findFirst()
            .map(ResultRule::shape)
            .orElse(Shape.ANY);
    return output.readBy().isEmpty()
        ? own
        : new Shape(minGroup, new TreeMap<>(own.rounding()), own.schema());
  }

  /** The smallest groups of the outputs, where there are any. */
  Map<String, Long> minGroups(StepFlow flow) {
    TreeMap<String, Long> groups = new TreeMap<>();
    for (ChainOutput output : flow.outputs()) {
      long least = shape(output).minGroup();
      if (least > 0) {
        groups.put(output.name(), least);
      }
    }
    return Collections.unmodifiableMap(groups);
  }
}
