package io.parley.rules;

/**
 * One thing that may be done with one column.
 *
 * @param column or {@code *} for whole rows
 * @param function of an aggregate; else empty
 */
public record Grant(String dataset, Use use, String column, String function)
    implements Comparable<Grant> {
  @Override
  public int compareTo(Grant other) {
    return sortKey().compareTo(other.sortKey());
  }

  private String sortKey() {
    return String.join("\0", dataset, use.key(), column, function);
  }

  /** Where it stands in an agreement, in one line. */
  public String text() {
    return use == Use.AGGREGATE
        ? "datasets.%s.usage.aggregate.%s: [%s]".formatted(dataset, column, function)
        : "datasets.%s.usage.%s: [%s]".formatted(dataset, use.key(), column);
  }
}
