package io.parley.rules;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Pattern;

/** Expressions of the parse tree, in one place of a query. */
final class ExprReader {
  private static final Map<String, String> COMPARISONS =
      Map.of(
          "COMPARE_EQUAL", "=",
          "COMPARE_NOTEQUAL", "<>",
          "COMPARE_LESSTHAN", "<",
          "COMPARE_GREATERTHAN", ">",
          "COMPARE_LESSTHANOREQUALTO", "<=",
          "COMPARE_GREATERTHANOREQUALTO", ">=",
          "COMPARE_DISTINCT_FROM", "IS DISTINCT FROM",
          "COMPARE_NOT_DISTINCT_FROM", "IS NOT DISTINCT FROM");

  /** What DuckDB reads INTERVAL as. */
  private static final Pattern INTERVAL =
      Pattern.compile(
          "to_(millennia|centuries|decades|years|quarters|months|weeks|days|hours|minutes|seconds"
              + "|milliseconds|microseconds)",
          Pattern.CASE_INSENSITIVE);

  private static final int MAX_DEPTH = 200;
  private static final Set<String> SCHEMAS = Set.of("", "main");
  private static final Set<String> CATALOGS = Set.of("", "system");

  private final Scope scope;
  private final boolean aggregates;
  private final Function<String, Optional<Expr>> aliases;
  private int depth;

  /**
   * @param aggregates whether aggregates can stand here
   * @param aliases what a name of an output stands for, where such names can be used
   */
  ExprReader(Scope scope, boolean aggregates, Function<String, Optional<Expr>> aliases) {
    this.scope = scope;
    this.aggregates = aggregates;
    this.aliases = aliases;
  }

  /** For single rows. */
  static ExprReader ofRows(Scope scope) {
    return new ExprReader(scope, false, _ -> Optional.empty());
  }

  Expr read(JsonNode node) {
    Tree.require(++depth <= MAX_DEPTH, "the query is nested too deeply");
    Expr read =
        switch (Tree.kind(node)) {
          case "COLUMN_REF" -> column(node);
          case "CONSTANT" -> Literals.constant(node);
          case "PARAMETER" -> Literals.parameter(node);
          case "CAST" -> Literals.cast(node, read(node.path("child")));
          case "FUNCTION" -> function(node);
          case "COMPARISON" -> comparison(node);
          case "CONJUNCTION" -> conjunction(node);
          case "OPERATOR" -> operator(node);
          case "BETWEEN" -> between(node);
          case "CASE" -> choice(node);
          case "SUBQUERY" ->
              throw Tree.shape(
                  "a subquery in an expression is a second answer beside the first; only FROM and WITH may hold one");
          case "WINDOW" ->
              throw Tree.shape("a window function tells rows apart within a group; use GROUP BY");
          case "STAR" -> throw Tree.shape("* is not known here; name columns");
          default ->
              throw Tree.shape(
                  "an expression of the kind %s is not known here".formatted(Tree.kind(node)));
        };
    depth--;
    return read;
  }

  private Expr column(JsonNode node) {
    List<String> path = Scope.path(node);
    if (path.size() == 2) {
      return scope.find(path.getFirst(), path.getLast());
    }
    Tree.require(
        path.size() == 1, "'%s' is no column's name here".formatted(String.join(".", path)));
    String name = path.getFirst();
    Optional<Expr> column = scope.find(name).map(Expr.class::cast);
    Optional<Expr> alias = aliases.apply(name);
    if (column.isPresent() && alias.isPresent() && !column.equals(alias)) {
      throw new RuleException(
          "RULE_NAME",
          "'%s' is a column and the name of another output; rename the output, or write TABLE.%s"
              .formatted(name, name));
    }
    return column.or(() -> alias).orElseThrow(() -> scope.unknown(name));
  }

  private Expr function(JsonNode node) {
    Tree.only(
        node,
        "function_name",
        "schema",
        "catalog",
        "children",
        "filter",
        "order_bys",
        "distinct",
        "is_operator",
        "export_state");
    String name = node.path("function_name").asText();
    if (INTERVAL.matcher(name).matches()) {
      throw new RuleException(
          "RULE_FUNCTION",
          "an INTERVAL is not known here; write the date or timestamp that it leads to, or let a parameter be it");
    }
    Tree.require(
        SCHEMAS.contains(node.path("schema").asText())
            && CATALOGS.contains(node.path("catalog").asText()),
        "the function '%s' is called with a schema".formatted(name));
    Tree.require(
        Tree.absent(node, "filter"),
        "%s has a FILTER: two answers over almost the same rows tell about the rest; use WHERE, for all of the query"
            .formatted(name));
    Tree.require(
        Tree.absent(node, "export_state") && node.path("order_bys").path("orders").isEmpty(),
        "%s has an ORDER BY of its own, which tells rows apart".formatted(name));
    boolean distinct = node.path("distinct").asBoolean();
    if (Aggregates.isAggregate(name)) {
      Tree.require(aggregates, "%s cannot stand here, where there are single rows".formatted(name));
      return Aggregates.of(name, distinct, arguments(node.path("children"), name));
    }
    Tree.require(!distinct, "%s cannot have DISTINCT".formatted(name));
    List<Expr> args = new ArrayList<>();
    node.path("children").forEach(child -> args.add(read(child)));
    return Functions.call(name, args);
  }

  /** An aggregate takes a column as it is: what could be computed of it could weigh single rows. */
  private List<Expr> arguments(JsonNode children, String name) {
    List<Expr> args = new ArrayList<>();
    for (JsonNode child : children) {
      Expr arg = ofRows(scope).read(child);
      Tree.require(
          arg instanceof Expr.Col || arg instanceof Expr.Const,
          "%s takes a column, and no expression, which could single rows out; let the owner offer a column with the values"
              .formatted(name));
      args.add(arg);
    }
    return args;
  }

  private Expr comparison(JsonNode node) {
    Tree.only(node, "left", "right");
    String operator = COMPARISONS.get(Tree.type(node));
    Tree.require(operator != null, "a comparison %s is not known".formatted(Tree.type(node)));
    return compare(operator, read(node.path("left")), read(node.path("right")));
  }

  private static Expr compare(@org.jspecify.annotations.Nullable String operator, Expr l, Expr r) {
    Types.Two two = Types.unify(l, r);
    return call("(%s " + operator + " %s)", List.of(two.left(), two.right()));
  }

  private static Expr call(String form, List<Expr> parts) {
    return new Expr.Call(form, parts, DataType.BOOLEAN, true);
  }

  private Expr conjunction(JsonNode node) {
    Tree.only(node, "children");
    String word = Tree.type(node).equals("CONJUNCTION_AND") ? " AND " : " OR ";
    Tree.require(
        word.equals(" AND ") || Tree.type(node).equals("CONJUNCTION_OR"),
        "a conjunction %s is not known".formatted(Tree.type(node)));
    List<Expr> parts = new ArrayList<>();
    node.path("children").forEach(child -> parts.add(truth(read(child))));
    return call("(" + String.join(word, Collections.nCopies(parts.size(), "%s")) + ")", parts);
  }

  /** Other types would be converted, and a conversion can fail. */
  static Expr truth(Expr expression) {
    if (Types.isLiteral(expression)) {
      return Types.literal(expression, DataType.BOOLEAN);
    }
    if (expression.type().kind() != DataType.Kind.BOOLEAN) {
      throw new RuleException(
          "RULE_TYPE",
          "a condition is of type %s; compare it with something"
              .formatted(expression.type().sql()));
    }
    return expression;
  }

  private Expr operator(JsonNode node) {
    Tree.only(node, "children");
    List<Expr> parts = new ArrayList<>();
    node.path("children").forEach(child -> parts.add(read(child)));
    return switch (Tree.type(node)) {
      case "OPERATOR_NOT" -> call("(NOT %s)", List.of(truth(parts.getFirst())));
      case "OPERATOR_IS_NULL" -> call("(%s IS NULL)", parts);
      case "OPERATOR_IS_NOT_NULL" -> call("(%s IS NOT NULL)", parts);
      case "OPERATOR_COALESCE" -> Functions.coalesce(parts);
      case "OPERATOR_NULLIF" -> Functions.call("nullif", parts);
      case "COMPARE_IN" -> in("IN", parts);
      case "COMPARE_NOT_IN" -> in("NOT IN", parts);
      default -> throw Tree.shape("an operator %s is not known here".formatted(Tree.type(node)));
    };
  }

  private static Expr in(String word, List<Expr> parts) {
    Expr of = parts.getFirst();
    List<Expr> same = new ArrayList<>();
    same.add(of);
    for (Expr value : parts.subList(1, parts.size())) {
      Types.Two two = Types.unify(of, value);
      if (two.left() != of) {
        throw new RuleException(
            "RULE_TYPE", "the values after IN are of another type than what is before it");
      }
      same.add(two.right());
    }
    return call(
        "(%s " + word + " (" + String.join(", ", Collections.nCopies(same.size() - 1, "%s")) + "))",
        same);
  }

  private Expr between(JsonNode node) {
    Tree.only(node, "input", "lower", "upper");
    Expr input = read(node.path("input"));
    return call(
        "(%s AND %s)",
        List.of(
            compare(">=", input, read(node.path("lower"))),
            compare("<=", input, read(node.path("upper")))));
  }

  private Expr choice(JsonNode node) {
    Tree.only(node, "case_checks", "else_expr");
    List<Expr> whens = new ArrayList<>();
    List<Expr> values = new ArrayList<>();
    for (JsonNode check : node.path("case_checks")) {
      whens.add(truth(read(check.path("when_expr"))));
      values.add(read(check.path("then_expr")));
    }
    values.add(read(node.path("else_expr")));
    List<Expr> same = Functions.sameType(values);
    List<Expr> parts = new ArrayList<>();
    StringBuilder form = new StringBuilder("CASE");
    for (int i = 0; i < whens.size(); i++) {
      form.append(" WHEN %s THEN %s");
      parts.add(whens.get(i));
      parts.add(same.get(i));
    }
    parts.add(same.getLast());
    return new Expr.Call(
        form.append(" ELSE %s END").toString(), parts, same.getFirst().type(), true);
  }
}
