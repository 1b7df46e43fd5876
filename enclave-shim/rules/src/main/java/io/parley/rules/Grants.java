package io.parley.rules;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;

/** What a query does with columns, and what of it no grant allows. Collects; not thread-safe. */
final class Grants {
  private final QueryRules rules;
  private final List<Violation> violations = new ArrayList<>();
  private final TreeSet<Grant> used = new TreeSet<>();

  Grants(QueryRules rules) {
    this.rules = rules;
  }

  /** Everything that the query does, whether granted or not. */
  List<Grant> used() {
    return List.copyOf(used);
  }

  List<Violation> violations() {
    return Collections.unmodifiableList(violations);
  }

  void add(Violation violation) {
    violations.add(violation);
  }

  /** An expression over single rows, each of whose columns is used so. */
  void row(Use use, Expr expression, List<TableRules> tables) {
    expression
        .all()
        .forEach(part -> {
          if (part instanceof Expr.Call call && !call.total()) {
            throw new RuleException(
                "RULE_FUNCTION",
                "the query computes something that can fail on some rows, and a failure would tell about them: %s; use it on aggregates only, or TRY_CAST"
                    .formatted(call.form().replace("%s", "...").replace("%%", "%")));
          }
          if (part instanceof Expr.Col column) {
            require(new Grant(tables.get(column.table()).name(), use, column.column(), ""), tables);
          }
        });
  }

  /** An aggregate of a column; or of rows, which every table must let be counted. */
  void aggregate(Expr.Aggregate aggregate, List<TableRules> tables) {
    Optional<Expr.Col> column = aggregate.column();
    if (column.isPresent()) {
      require(
          new Grant(
              tables.get(column.get().table()).name(),
              Use.AGGREGATE,
              column.get().column(),
              aggregate.grant()),
          tables);
      return;
    }
    for (TableRules table : tables) {
      require(new Grant(table.name(), Use.AGGREGATE, Aggregates.ROWS, "count"), tables);
    }
  }

  private void require(Grant grant, List<TableRules> tables) {
    if (!used.add(grant)) {
      return;
    }
    TableRules table =
        tables.stream().filter(t -> t.name().equals(grant.dataset())).findFirst().orElseThrow();
    boolean open = !rules.withinRules() && !table.stated();
    if (!open && !table.grants(grant)) {
      violations.add(
          new Violation(
              grant.use().rule(),
              message(grant, table),
              table.name(),
              grant.column(),
              table.owner(),
              Optional.of(grant)));
    }
  }

  private static String message(Grant grant, TableRules table) {
    String what =
        grant.use() == Use.AGGREGATE
            ? grant.column().equals(Aggregates.ROWS)
                ? "rows of '%s' may not be counted".formatted(table.name())
                : "%s of '%s.%s' is not allowed"
                    .formatted(grant.function(), table.name(), grant.column())
            : "'%s.%s' may not be %s".formatted(table.name(), grant.column(), grant.use().verb());
    List<String> granted = table.granted(grant.use());
    return "%s: %s grants %s for %s; '%s' would allow it"
        .formatted(
            what,
            table.owner(),
            granted.isEmpty() ? "nothing" : granted,
            grant.use().key(),
            grant.text());
  }
}
