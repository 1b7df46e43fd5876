package io.parley.agreement;

import io.parley.wire.Problems;
import io.parley.wire.Reason;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * What an owner lets be done with the columns of a dataset. Default deny: once anything is granted,
 * what is not granted is not allowed. Immutable; lists are sorted.
 *
 * @param join may be compared for equality with a column of another dataset that may be joined on
 * @param group may make the groups of a result
 * @param aggregate functions by column, or by {@value #ROWS} for whole rows
 * @param filter may decide which rows count
 * @param list may be in a result row by row
 * @param identity the column whose distinct values {@code min_group} counts; empty: none
 */
public record Usage(
    List<String> join,
    List<String> group,
    SortedMap<String, List<String>> aggregate,
    List<String> filter,
    List<String> list,
    String identity) {
  /** In place of a column: the rows themselves, which can only be counted. */
  public static final String ROWS = "*";

  /** What can be done with a column, in the order of their names. */
  public static final List<String> FUNCTIONS =
      List.of(
          "avg", "count", "count_distinct", "max", "median", "min", "stddev", "sum", "variance");

  /** Of a column that stands for people, anything else would be somebody's name. */
  private static final List<String> OF_IDENTITY = List.of("count", "count_distinct");

  /** Nothing is said. */
  public static final Usage UNSTATED =
      new Usage(List.of(), List.of(), new TreeMap<>(), List.of(), List.of(), "");

  public Usage {
    join = sorted(join);
    group = sorted(group);
    filter = sorted(filter);
    list = sorted(list);
    TreeMap<String, List<String>> functions = new TreeMap<>();
    aggregate.forEach((column, of) -> functions.put(column, sorted(of)));
    aggregate = Collections.unmodifiableSortedMap(functions);
    Problems problems = new Problems();
    Rules rules = new Rules(problems);
    rules.unique("join", join);
    rules.unique("group", group);
    rules.unique("filter", filter);
    rules.unique("list", list);
    for (Map.Entry<String, List<String>> entry : aggregate.entrySet()) {
      String path = "aggregate." + entry.getKey();
      List<String> known =
          entry.getKey().equals(ROWS)
              ? List.of("count")
              : entry.getKey().equals(identity) ? OF_IDENTITY : FUNCTIONS;
      rules.size(path, entry.getValue().size(), 1, FUNCTIONS.size());
      rules.known(
          path,
          entry.getKey().equals(identity)
              ? "function that a column of identities can have"
              : "function that can be granted here",
          entry.getValue(),
          known);
    }
    problems.throwIfAny(Reason.INVALID_AGREEMENT, "usage");
  }

  private static List<String> sorted(List<String> names) {
    return names.stream().sorted().toList();
  }

  /** Whether the owner granted anything, so that everything else is not allowed. */
  public boolean isStated() {
    return !(join.isEmpty()
        && group.isEmpty()
        && aggregate.isEmpty()
        && filter.isEmpty()
        && list.isEmpty());
  }

  /** Whether nothing is said at all. */
  public boolean isEmpty() {
    return !isStated() && identity.isEmpty();
  }

  public boolean hasIdentity() {
    return !identity.isEmpty();
  }

  /** Every column that is named. */
  public SortedSet<String> columns() {
    TreeSet<String> columns = new TreeSet<>();
    Stream.of(join, group, filter, list, List.copyOf(aggregate.keySet())).forEach(columns::addAll);
    columns.remove(ROWS);
    if (hasIdentity()) {
      columns.add(identity);
    }
    return Collections.unmodifiableSortedSet(columns);
  }
}
