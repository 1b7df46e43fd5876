package io.parley.rules;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A dataset and what its owner allows. Names of columns have no case. Immutable.
 *
 * @param columns in table order
 * @param stated whether the owner stated what is allowed; if not, everything is where the query is
 *     fixed, and nothing where jobs write it
 * @param aggregate functions by column, or by {@code *}
 * @param identity empty: none
 */
public record TableRules(
    String name,
    String owner,
    Map<String, ColumnRules> columns,
    boolean stated,
    Set<String> join,
    Set<String> group,
    Map<String, Set<String>> aggregate,
    Set<String> filter,
    Set<String> list,
    String identity) {
  /** A column as the agreement has it. */
  public record ColumnRules(DataType type, boolean nullable) {}

  public TableRules {
    columns = Collections.unmodifiableMap(new LinkedHashMap<>(columns));
    join = Set.copyOf(join);
    group = Set.copyOf(group);
    aggregate = Map.copyOf(aggregate);
    filter = Set.copyOf(filter);
    list = Set.copyOf(list);
  }

  /** The column of this name, whatever its case, as the agreement spells it. */
  Optional<String> column(String name) {
    return columns.keySet().stream().filter(name::equalsIgnoreCase).findFirst();
  }

  /**
   * What is known of a column by its exact name.
   *
   * @throws IllegalArgumentException when there is none
   */
  ColumnRules of(String name) {
    ColumnRules rules = columns.get(name);
    if (rules == null) {
      throw new IllegalArgumentException(
          "dataset '%s' has no column '%s'".formatted(this.name, name));
    }
    return rules;
  }

  boolean hasIdentity() {
    return !identity.isEmpty();
  }

  boolean grants(Grant grant) {
    return switch (grant.use()) {
      case JOIN -> join.contains(grant.column());
      case GROUP -> group.contains(grant.column());
      case AGGREGATE -> aggregate.getOrDefault(grant.column(), Set.of()).contains(grant.function());
      case FILTER -> filter.contains(grant.column());
      case LIST -> list.contains(grant.column());
    };
  }

  /** Columns for which this is granted. */
  List<String> granted(Use use) {
    Set<String> columns =
        switch (use) {
          case JOIN -> join;
          case GROUP -> group;
          case AGGREGATE -> aggregate.keySet();
          case FILTER -> filter;
          case LIST -> list;
        };
    return columns.stream().sorted().toList();
  }
}
