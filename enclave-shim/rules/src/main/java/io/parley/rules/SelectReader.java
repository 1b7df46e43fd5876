package io.parley.rules;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.Stream;

/** The query's own SELECT. One use. */
final class SelectReader {
  private static final Set<String> TOTAL_ON_DOUBLES =
      Set.of("(%s + %s)", "(%s - %s)", "(%s * %s)", "(- %s)", "abs(%s)");
  private static final int MAX_OUTPUTS = 1024;

  private final Grants grants;
  private final FromReader from;
  private final QueryRules rules;
  private final List<Plan.Output> outputs = new ArrayList<>();
  private final List<Expr> groups = new ArrayList<>();
  private Scope scope = Scope.of("", Map.of());

  SelectReader(QueryRules rules, Grants grants) {
    this.rules = rules;
    this.grants = grants;
    this.from = new FromReader(rules, grants);
  }

  Plan read(JsonNode select) {
    Selects.requirePlain(select);
    FromReader.Found found = from.rows(select, Map.of(), 0);
    scope = found.scope();
    select.path("select_list").forEach(this::output);
    Tree.require(outputs.size() <= MAX_OUTPUTS, "the result has too many columns");
    boolean all = select.path("aggregate_handling").asText().equals("FORCE_AGGREGATES");
    boolean aggregated =
        all
            || !Tree.absent(select, "group_expressions")
            || !Tree.absent(select, "having")
            || outputs.stream().anyMatch(output -> aggregates(output.expression()));
    groups(select, all);
    Optional<Expr> having = FromReader.member(select, "having").map(this::having);
    outputs.forEach(output -> check(output.expression(), aggregated));
    if (!aggregated) {
      listed(found.from());
    }
    List<Plan.Order> orders = new ArrayList<>();
    OptionalLong limit = OptionalLong.empty();
    OptionalLong offset = OptionalLong.empty();
    for (JsonNode modifier : select.path("modifiers")) {
      switch (Tree.type(modifier)) {
        case "ORDER_MODIFIER" ->
            modifier.path("orders").forEach(order -> order(order, aggregated, orders));
        case "LIMIT_MODIFIER" -> {
          limit = count(modifier, "limit");
          offset = count(modifier, "offset");
        }
        case "DISTINCT_MODIFIER" ->
            throw Tree.shape("SELECT DISTINCT makes groups without saying so; use GROUP BY");
        default -> throw Tree.shape("a %s is not known here".formatted(Tree.type(modifier)));
      }
    }
    if (!aggregated && rules.minGroup() > 0) {
      grants.add(
          Violation.ofQuery(
              "RULE_LIST",
              "the query lists rows, and the result tells only groups of at least %d; use GROUP BY or aggregates"
                  .formatted(rules.minGroup())));
    }
    return new Plan(
        from.tables(), found.from(), aggregated, groups, outputs, having, orders, limit, offset);
  }

  private void output(JsonNode item) {
    if (Tree.kind(item).equals("STAR")) {
      Selects.star(item, scope)
          .forEach((name, column) -> outputs.add(new Plan.Output(name, column)));
      return;
    }
    Expr read = new ExprReader(scope, true, _ -> Optional.empty()).read(item);
    String alias = item.path("alias").asText();
    outputs.add(new Plan.Output(alias.isEmpty() ? name(read) : alias, read));
  }

  private String name(Expr expression) {
    return switch (expression) {
      case Expr.Col column -> column.column();
      case Expr.Aggregate aggregate ->
          aggregate
              .column()
              .map(c ->
                  aggregate.grant().equals("count_distinct")
                      ? "count(DISTINCT %s)".formatted(c.column())
                      : "%s(%s)".formatted(aggregate.function(), c.column()))
              .orElse("count_star()");
      default -> "column" + (outputs.size() + 1);
    };
  }

  private static boolean aggregates(Expr expression) {
    return expression.all().anyMatch(Expr.Aggregate.class::isInstance);
  }

  /** What the name of an output stands for, in the places where such names are known. */
  private Optional<Expr> alias(String name) {
    List<Expr> named =
        outputs.stream()
            .filter(output -> output.name().equalsIgnoreCase(name))
            .map(Plan.Output::expression)
            .distinct()
            .toList();
    if (named.size() > 1) {
      throw new RuleException(
          "RULE_NAME", "two outputs are called '%s'; rename one with AS".formatted(name));
    }
    return named.stream().findFirst();
  }

  private void groups(JsonNode select, boolean all) {
    if (all) {
      outputs.stream()
          .map(Plan.Output::expression)
          .filter(e -> !aggregates(e) && !Types.isLiteral(e))
          .forEach(this::group);
    }
    for (JsonNode node : select.path("group_expressions")) {
      Optional<Expr> numbered = numbered(node);
      Expr group =
          numbered.isPresent()
              ? numbered.get()
              : new ExprReader(scope, false, this::alias).read(node);
      Tree.require(!aggregates(group), "GROUP BY holds an aggregate");
      Tree.require(!Types.isLiteral(group), "GROUP BY holds a constant");
      group(group);
    }
  }

  private void group(Expr group) {
    grants.row(Use.GROUP, group, from.tables());
    if (!groups.contains(group)) {
      groups.add(group);
    }
  }

  /** The output of this number, when the node is a whole number. */
  private Optional<Expr> numbered(JsonNode node) {
    if (!Tree.kind(node).equals("CONSTANT")) {
      return Optional.empty();
    }
    JsonNode number = node.path("value").path("value");
    int at = number.isInt() ? number.asInt() : 0;
    Tree.require(
        at >= 1 && at <= outputs.size(),
        "there is no output of that number; there are %d".formatted(outputs.size()));
    return Optional.of(outputs.get(at - 1).expression());
  }

  private Expr having(JsonNode node) {
    Expr having = ExprReader.truth(new ExprReader(scope, true, this::alias).read(node));
    having
        .all()
        .filter(Expr.Call.class::isInstance)
        .map(Expr.Call.class::cast)
        .filter(call -> !call.total() && !TOTAL_ON_DOUBLES.contains(call.form()))
        .findFirst()
        .ifPresent(call -> {
          throw new RuleException(
              "RULE_FUNCTION",
              "HAVING computes something that can fail on a group that is left out, and a failure would tell about it: "
                  + call.form().replace("%s", "...").replace("%%", "%"));
        });
    check(having, true);
    return having;
  }

  /** Of groups: made of what groups them and of aggregates. Of rows: of columns to be listed. */
  private void check(Expr expression, boolean aggregated) {
    if (!aggregated) {
      grants.row(Use.LIST, expression, from.tables());
    } else if (!groups.contains(expression)) {
      switch (expression) {
        case Expr.Aggregate aggregate -> grants.aggregate(aggregate, from.tables());
        case Expr.Col column ->
            throw new RuleException(
                "RULE_SHAPE",
                "'%s' stands outside of aggregates and is not in GROUP BY"
                    .formatted(column.column()));
        default -> expression.parts().forEach(part -> check(part, true));
      }
    }
  }

  /**
   * That a row is listed tells of it what it was joined on and chosen by, so these are listed too.
   * Of rows that show nothing at all one can see how many there are.
   */
  private void listed(From rows) {
    Columns.of(rows).forEach(column -> grants.row(Use.LIST, column, from.tables()));
    boolean bare =
        Stream.concat(
                Columns.of(rows),
                outputs.stream().map(Plan.Output::expression).flatMap(Columns::of))
            .findAny()
            .isEmpty();
    if (bare) {
      grants.aggregate(Aggregates.rows(), from.tables());
    }
  }

  private void order(JsonNode order, boolean aggregated, List<Plan.Order> orders) {
    Tree.only(order, "null_order", "expression");
    String words = direction(order);
    JsonNode node = order.path("expression");
    if (Tree.kind(node).equals("STAR")) {
      Tree.require(
          node.path("columns").asBoolean() && Tree.absent(node, "expr"),
          "ORDER BY * is not known here");
      outputs.forEach(output -> orders.add(new Plan.Order(output.expression(), words)));
      return;
    }
    Optional<Expr> numbered = numbered(node);
    Expr expression =
        numbered.isPresent()
            ? numbered.get()
            : new ExprReader(scope, aggregated, this::alias).read(node);
    check(expression, aggregated);
    orders.add(new Plan.Order(expression, words));
  }

  private static String direction(JsonNode order) {
    String words =
        switch (Tree.type(order)) {
          case "ORDER_DEFAULT", "ASCENDING" -> " ASC";
          case "DESCENDING" -> " DESC";
          default -> throw Tree.shape("an ORDER BY %s is not known".formatted(Tree.type(order)));
        };
    return switch (order.path("null_order").asText()) {
      case "ORDER_DEFAULT" -> words;
      case "NULLS FIRST" -> words + " NULLS FIRST";
      case "NULLS LAST" -> words + " NULLS LAST";
      default -> throw Tree.shape("an order of nulls is not known");
    };
  }

  private static OptionalLong count(JsonNode modifier, String member) {
    if (Tree.absent(modifier, member)) {
      return OptionalLong.empty();
    }
    JsonNode node = modifier.path(member);
    JsonNode number = node.path("value").path("value");
    Tree.require(
        Tree.kind(node).equals("CONSTANT") && number.canConvertToLong() && number.asLong() >= 0,
        "LIMIT and OFFSET take a whole number");
    return OptionalLong.of(number.asLong());
  }
}
