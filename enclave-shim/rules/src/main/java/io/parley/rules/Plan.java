package io.parley.rules;

import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * A whole query, as it is understood. Immutable.
 *
 * @param tables datasets, by their numbers in expressions
 * @param aggregated whether the result has a row per group; else it has the rows themselves
 * @param groups empty for one group of everything
 */
record Plan(
    List<TableRules> tables,
    From from,
    boolean aggregated,
    List<Expr> groups,
    List<Output> outputs,
    Optional<Expr> having,
    List<Order> orders,
    OptionalLong limit,
    OptionalLong offset) {
  /** A column of the result. */
  record Output(String name, Expr expression) {}

  /** Of one expression; the words of SQL after it. */
  record Order(Expr expression, String words) {}

  Plan {
    tables = List.copyOf(tables);
    groups = List.copyOf(groups);
    outputs = List.copyOf(outputs);
    orders = List.copyOf(orders);
  }
}
