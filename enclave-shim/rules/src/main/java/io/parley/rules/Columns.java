package io.parley.rules;

import java.util.stream.Stream;

/** Every column that a plan reads. */
final class Columns {
  private Columns() {}

  static Stream<Expr.Col> of(Plan plan) {
    return Stream.concat(of(plan.from()), expressions(plan).flatMap(Columns::of));
  }

  private static Stream<Expr> expressions(Plan plan) {
    return Stream.of(
            plan.groups().stream(),
            plan.outputs().stream().map(Plan.Output::expression),
            plan.having().stream(),
            plan.orders().stream().map(Plan.Order::expression))
        .flatMap(s -> s);
  }

  /** Those that it joins on and chooses rows by. */
  static Stream<Expr.Col> of(From from) {
    return switch (from) {
      case From.Table _ -> Stream.empty();
      case From.Filtered filtered -> Stream.concat(of(filtered.from()), of(filtered.where()));
      case From.Join join ->
          Stream.of(
                  of(join.left()),
                  of(join.right()),
                  join.pairs().stream().flatMap(p -> Stream.of(p.left(), p.right())),
                  join.filter().stream().flatMap(Columns::of))
              .flatMap(s -> s);
    };
  }

  static Stream<Expr.Col> of(Expr expression) {
    return expression
        .all()
        .flatMap(part ->
            switch (part) {
              case Expr.Col column -> Stream.of(column);
              case Expr.Aggregate aggregate -> aggregate.column().stream();
              default -> Stream.empty();
            });
  }

  /** Every parameter of a plan, once for each type that it is taken as. */
  static Stream<Expr.Param> parameters(Plan plan) {
    return Stream.concat(all(plan.from()), expressions(plan).flatMap(Expr::all))
        .filter(Expr.Param.class::isInstance)
        .map(Expr.Param.class::cast)
        .distinct();
  }

  /** Every constant of a plan. */
  static Stream<Expr.Const> constants(Plan plan) {
    return Stream.concat(all(plan.from()), expressions(plan).flatMap(Expr::all))
        .filter(Expr.Const.class::isInstance)
        .map(Expr.Const.class::cast)
        .distinct();
  }

  private static Stream<Expr> all(From from) {
    return switch (from) {
      case From.Table _ -> Stream.empty();
      case From.Filtered filtered -> Stream.concat(all(filtered.from()), filtered.where().all());
      case From.Join join ->
          Stream.of(all(join.left()), all(join.right()), join.filter().stream().flatMap(Expr::all))
              .flatMap(s -> s);
    };
  }
}
