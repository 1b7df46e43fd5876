package io.parley.rules;

import io.parley.rules.DataType.Kind;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * The aggregates that can be granted. Not among them is what gives back rows or almost rows, such
 * as list, string_agg, first, arg_min, mode, histogram, quantile and the approximate ones.
 */
final class Aggregates {
  private static final Map<String, String> GRANTS =
      Map.ofEntries(
          Map.entry("count", "count"),
          Map.entry("count_star", "count"),
          Map.entry("sum", "sum"),
          Map.entry("avg", "avg"),
          Map.entry("mean", "avg"),
          Map.entry("min", "min"),
          Map.entry("max", "max"),
          Map.entry("median", "median"),
          Map.entry("stddev", "stddev"),
          Map.entry("stddev_samp", "stddev"),
          Map.entry("stddev_pop", "stddev"),
          Map.entry("variance", "variance"),
          Map.entry("var_samp", "variance"),
          Map.entry("var_pop", "variance"));

  /** That can be recognised as aggregates, and are refused by name rather than as functions. */
  private static final Set<String> OF_NUMBERS =
      Set.of("sum", "avg", "median", "stddev", "variance");

  /** Of these a row that is counted twice changes the value. */
  private static final Set<String> WEIGHED =
      Set.of("sum", "avg", "count", "median", "stddev", "variance");

  static final String ROWS = "*";

  private Aggregates() {}

  /** What can be granted, for messages. */
  static Set<String> grants() {
    return Collections.unmodifiableSet(new TreeSet<>(GRANTS.values()));
  }

  static boolean isAggregate(String name) {
    return GRANTS.containsKey(name.toLowerCase(Locale.ROOT));
  }

  static boolean isWeighed(Expr.Aggregate aggregate) {
    return WEIGHED.contains(aggregate.grant());
  }

  /** How many rows there are. */
  static Expr.Aggregate rows() {
    return new Expr.Aggregate("count", "count", Optional.empty(), DataType.BIGINT);
  }

  static Expr of(String function, boolean distinct, List<Expr> args) {
    String name = function.toLowerCase(Locale.ROOT);
    String grant = GRANTS.getOrDefault(name, "");
    boolean rows = args.isEmpty() || args.getFirst() instanceof Expr.Const;
    if (grant.equals("count") && rows && args.size() <= 1) {
      Tree.require(
          !distinct && args.stream().noneMatch(Functions::isNull),
          "count of a constant is written count(*)");
      return rows();
    }
    Tree.require(
        args.size() == 1 && args.getFirst() instanceof Expr.Col, name + " takes one column");
    Expr.Col column = (Expr.Col) args.getFirst();
    Tree.require(
        !distinct || grant.equals("count"),
        "%s(DISTINCT ...) weighs rows differently; only count can have DISTINCT".formatted(name));
    if (OF_NUMBERS.contains(grant) && !column.type().isNumeric()) {
      throw new RuleException(
          "RULE_TYPE",
          "%s takes numbers; '%s' is %s".formatted(name, column.column(), column.type().sql()));
    }
    String sql = name.equals("mean") ? "avg" : name;
    return new Expr.Aggregate(
        distinct ? "count_distinct" : grant,
        distinct ? "count_distinct" : sql,
        Optional.of(column),
        type(grant, column.type()));
  }

  private static DataType type(String grant, DataType of) {
    return switch (grant) {
      case "count" -> DataType.BIGINT;
      case "avg", "stddev", "variance" -> DataType.DOUBLE;
      case "sum" ->
          switch (of.kind()) {
            case INTEGER -> DataType.HUGEINT;
            case DECIMAL -> DataType.decimal(38, of.scale());
            default -> DataType.DOUBLE;
          };
      case "median" -> of.kind() == Kind.INTEGER ? DataType.DOUBLE : of;
      default -> of;
    };
  }
}
