package io.parley.rules;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/**
 * What must hold of a group before it is told: enough distinct identities of every dataset that has
 * them, also among the rows that a single figure rests on, and no row of a dataset counted twice,
 * in one group or in two, in figures of that dataset.
 */
final class Thresholds {
  private final Plan plan;
  private final long least;

  /** Where a column leads among those that inner joins make equal. */
  private final Map<Expr.Col, Expr.Col> equal = new HashMap<>();

  Thresholds(Plan plan, long least) {
    this.plan = plan;
    this.least = least;
    equate(plan.from());
  }

  /** Conditions in SQL; none without a least number. */
  List<String> conditions(Render render) {
    List<Expr.Col> identities = identities();
    if (least <= 0) {
      return List.of();
    }
    Set<String> conditions = new LinkedHashSet<>();
    for (Expr.Col identity : identities) {
      conditions.add("count(DISTINCT %s) >= %d".formatted(render.expression(identity), least));
    }
    for (Expr.Aggregate aggregate : aggregates(plan)) {
      aggregate
          .column()
          .ifPresent(column -> {
            restsOn(column, identities, render, conditions);
            if (plan.tables().size() > 1 && Aggregates.isWeighed(aggregate)) {
              countedOnce(column.table(), render, conditions);
            }
          });
    }
    return new ArrayList<>(conditions);
  }

  private void restsOn(
      Expr.Col column, List<Expr.Col> identities, Render render, Set<String> conditions) {
    boolean nullable =
        plan.tables().get(column.table()).of(column.column()).nullable()
            || hasOuterJoin(plan.from());
    for (Expr.Col identity : identities) {
      if (nullable && !find(identity).equals(find(column))) {
        conditions.add(
            "count(DISTINCT %s) FILTER (WHERE %s IS NOT NULL) >= %d"
                .formatted(render.expression(identity), render.expression(column), least));
      }
    }
  }

  private void countedOnce(int table, Render render, Set<String> conditions) {
    if (plan.tables().get(table).stated()) {
      boolean ownGroups =
          plan.groups().stream()
              .flatMap(Expr::all)
              .allMatch(part -> !(part instanceof Expr.Col column) || column.table() == table);
      String row = render.rowOf(table);
      // A row has one group where groups are made of its own columns. Where another dataset's make
      // them, its owner could put the row into two groups that differ by one person.
      conditions.add(
          ownGroups
              ? "count(%s) = count(DISTINCT %s)".formatted(row, row)
              : "(SELECT count(r) = count(DISTINCT r) FROM (%s) q)"
                  .formatted(render.rowsOf(table)));
    }
  }

  /** One of each set of identities that are always equal. */
  List<Expr.Col> identities() {
    List<Expr.Col> identities = new ArrayList<>();
    Set<Expr.Col> seen = new LinkedHashSet<>();
    for (int i = 0; i < plan.tables().size(); i++) {
      TableRules table = plan.tables().get(i);
      if (table.hasIdentity()) {
        Expr.Col identity = identityOf(plan, i);
        if (seen.add(find(identity))) {
          identities.add(identity);
        }
      }
    }
    return identities;
  }

  static Expr.Col identityOf(Plan plan, int table) {
    TableRules rules = plan.tables().get(table);
    return new Expr.Col(table, rules.identity(), rules.of(rules.identity()).type());
  }

  /** Every aggregate of a plan. */
  static List<Expr.Aggregate> aggregates(Plan plan) {
    return Stream.of(
            plan.outputs().stream().map(Plan.Output::expression),
            plan.having().stream(),
            plan.orders().stream().map(Plan.Order::expression))
        .flatMap(s -> s)
        .flatMap(Expr::all)
        .filter(Expr.Aggregate.class::isInstance)
        .map(Expr.Aggregate.class::cast)
        .distinct()
        .toList();
  }

  private void equate(From from) {
    switch (from) {
      case From.Table _ -> {}
      case From.Filtered filtered -> equate(filtered.from());
      case From.Join join -> {
        equate(join.left());
        equate(join.right());
        if (join.kind().equals("INNER")) {
          join.pairs().forEach(pair -> unite(pair.left(), pair.right()));
        }
      }
    }
  }

  private void unite(Expr.Col one, Expr.Col other) {
    Expr.Col a = find(one);
    Expr.Col b = find(other);
    if (!a.equals(b)) {
      equal.put(a, b);
    }
  }

  private Expr.Col find(Expr.Col column) {
    Expr.Col at = column;
    for (Expr.Col next = equal.get(at); next != null; next = equal.get(at)) {
      at = next;
    }
    return at;
  }

  private static boolean hasOuterJoin(From from) {
    return switch (from) {
      case From.Table _ -> false;
      case From.Filtered filtered -> hasOuterJoin(filtered.from());
      case From.Join join ->
          !join.kind().equals("INNER") || hasOuterJoin(join.left()) || hasOuterJoin(join.right());
    };
  }
}
