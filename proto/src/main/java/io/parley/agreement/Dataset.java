package io.parley.agreement;

import io.parley.wire.Problems;
import io.parley.wire.Reason;
import io.parley.wire.Suggestions;
import java.util.List;

/**
 * A table and its owner.
 *
 * @param columns in table order, names unique whatever their case
 * @param releasedTo parties, besides the owner, whose enclaves may hold the rows; sorted
 * @param usage what the owner lets be done with the columns
 * @param budget how often it may be asked
 * @param gate whether an app must pass the owner's verification gate before it gets the rows
 */
public record Dataset(
    String name,
    String owner,
    List<Column> columns,
    List<String> releasedTo,
    Usage usage,
    Budget budget,
    GateRule gate) {
  /** Without a gate. */
  public Dataset(
      String name,
      String owner,
      List<Column> columns,
      List<String> releasedTo,
      Usage usage,
      Budget budget) {
    this(name, owner, columns, releasedTo, usage, budget, GateRule.NONE);
  }

  /** That may be asked any number of times. */
  public Dataset(
      String name, String owner, List<Column> columns, List<String> releasedTo, Usage usage) {
    this(name, owner, columns, releasedTo, usage, Budget.UNLIMITED);
  }

  /** Behind a gate, or not; of whose usage nothing is said. */
  public Dataset(
      String name, String owner, List<Column> columns, List<String> releasedTo, GateRule gate) {
    this(name, owner, columns, releasedTo, Usage.UNSTATED, Budget.UNLIMITED, gate);
  }

  /** Of whose usage nothing is said. */
  public Dataset(String name, String owner, List<Column> columns, List<String> releasedTo) {
    this(name, owner, columns, releasedTo, Usage.UNSTATED);
  }

  public Dataset {
    columns = List.copyOf(columns);
    releasedTo = releasedTo.stream().sorted().toList();
    Problems problems = new Problems();
    Rules rules = new Rules(problems);
    rules.tableName("name", name);
    rules.partyName("owner", owner);
    rules.columns("columns", columns);
    rules.size("released_to", releasedTo.size(), 0, Limits.MAX_PARTIES);
    releasedTo.forEach(party -> rules.partyName("released_to", party));
    rules.unique("released_to", releasedTo);
    rules.usage(columns.stream().map(Column::name).toList(), usage);
    problems.throwIfAny(
        Reason.INVALID_AGREEMENT, "dataset '%s'".formatted(Suggestions.shown(name)));
  }

  /** The same, without a gate. */
  public Dataset withoutGate() {
    return new Dataset(name, owner, columns, releasedTo, usage, budget, GateRule.NONE);
  }

  /**
   * The columns that leave the owner's enclave, in table order: where the owner stated its usage,
   * those that it names, and no other. Rows without a column could not be counted, so one is always
   * there.
   */
  public List<Column> releasedColumns() {
    if (!usage.isStated()) {
      return columns;
    }
    List<Column> released =
        columns.stream().filter(column -> usage.columns().contains(column.name())).toList();
    return released.isEmpty() ? List.of(columns.getFirst()) : released;
  }
}
