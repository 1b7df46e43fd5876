package io.parley.rules;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** What joins on: at least one equality of two columns, one of each side, that both may join on. */
final class Joins {
  private final Grants grants;
  private final List<TableRules> tables;

  Joins(Grants grants, List<TableRules> tables) {
    this.grants = grants;
    this.tables = tables;
  }

  FromReader.Found on(JsonNode join, String kind, FromReader.Found left, FromReader.Found right) {
    Scope both = left.scope().and(right.scope());
    List<From.Pair> pairs = new ArrayList<>();
    Optional<Expr> filter = Optional.empty();
    if (!Tree.absent(join, "using_columns")) {
      Tree.require(!kind.equals("FULL"), "FULL JOIN with USING is not known here; use ON");
      for (JsonNode using : join.path("using_columns")) {
        String name = using.asText();
        From.Pair pair = new From.Pair(side(left.scope(), name), side(right.scope(), name));
        pairs.add(pair);
        both = both.merging(name, kind.equals("RIGHT") ? pair.right() : pair.left());
      }
    }
    Optional<JsonNode> condition = FromReader.member(join, "condition");
    if (condition.isPresent()) {
      filter = condition(condition.get(), both, left, right, pairs);
    }
    if (pairs.isEmpty()) {
      throw new RuleException(
          "RULE_JOIN",
          "a join without an equality of two columns puts every row beside every other; write JOIN ... ON A.COLUMN = B.COLUMN");
    }
    pairs.forEach(this::check);
    filter.ifPresent(condition2 -> grants.row(Use.FILTER, condition2, tables));
    return new FromReader.Found(
        new From.Join(kind, left.from(), right.from(), pairs, filter), both);
  }

  private static Expr.Col side(Scope scope, String name) {
    return scope.find(name).orElseThrow(() -> scope.unknown(name));
  }

  private static Optional<Expr> condition(
      JsonNode condition,
      Scope scope,
      FromReader.Found left,
      FromReader.Found right,
      List<From.Pair> pairs) {
    List<JsonNode> parts = new ArrayList<>();
    conjuncts(condition, parts);
    Set<Integer> lefts = left.from().tables().collect(Collectors.toSet());
    Set<Integer> rights = right.from().tables().collect(Collectors.toSet());
    List<Expr> others = new ArrayList<>();
    for (JsonNode part : parts) {
      Optional<From.Pair> pair = pair(part, scope, lefts, rights);
      if (pair.isPresent()) {
        pairs.add(pair.get());
      } else {
        others.add(ExprReader.truth(ExprReader.ofRows(scope).read(part)));
      }
    }
    return others.stream()
        .reduce((a, b) -> new Expr.Call("(%s AND %s)", List.of(a, b), DataType.BOOLEAN, true));
  }

  private static void conjuncts(JsonNode node, List<JsonNode> parts) {
    if (Tree.type(node).equals("CONJUNCTION_AND")) {
      node.path("children").forEach(child -> conjuncts(child, parts));
    } else {
      parts.add(node);
    }
  }

  private static Optional<From.Pair> pair(
      JsonNode node, Scope scope, Set<Integer> lefts, Set<Integer> rights) {
    boolean equality =
        Tree.type(node).equals("COMPARE_EQUAL")
            && Tree.kind(node.path("left")).equals("COLUMN_REF")
            && Tree.kind(node.path("right")).equals("COLUMN_REF");
    if (!equality) {
      return Optional.empty();
    }
    Expr one = ExprReader.ofRows(scope).read(node.path("left"));
    Expr other = ExprReader.ofRows(scope).read(node.path("right"));
    if (!(one instanceof Expr.Col a) || !(other instanceof Expr.Col b)) {
      return Optional.empty();
    }
    if (lefts.contains(a.table()) && rights.contains(b.table())) {
      return Optional.of(new From.Pair(a, b));
    }
    return lefts.contains(b.table()) && rights.contains(a.table())
        ? Optional.of(new From.Pair(b, a))
        : Optional.empty();
  }

  private void check(From.Pair pair) {
    if (!Types.joinable(pair.left().type(), pair.right().type())) {
      throw new RuleException(
          "RULE_TYPE",
          "'%s' is %s and '%s' is %s: they cannot be joined without a conversion that may fail"
              .formatted(
                  pair.left().column(),
                  pair.left().type().sql(),
                  pair.right().column(),
                  pair.right().type().sql()));
    }
    grants.row(Use.JOIN, pair.left(), tables);
    grants.row(Use.JOIN, pair.right(), tables);
  }
}
