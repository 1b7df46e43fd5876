package io.parley.rules;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * A plan as SQL. Every name is quoted and has its table, every constant its type, so that DuckDB
 * has nothing left to choose. One use.
 */
final class Render {
  private static final String ROW = "rowid";

  private final Plan plan;
  private final Optional<BigDecimal> rounding;
  private final Needs needs;

  /** How a table's column is written at this place. */
  private final Map<Integer, UnaryOperator<String>> references = new HashMap<>();

  private final String source;
  private final String where;
  private int subqueries;

  Render(Plan plan, Optional<BigDecimal> rounding) {
    this.plan = plan;
    this.rounding = rounding;
    this.needs = Needs.of(plan);
    if (plan.from() instanceof From.Filtered filtered) {
      this.source = from(filtered.from());
      this.where = " WHERE (%s)".formatted(expression(filtered.where()));
    } else {
      this.source = from(plan.from());
      this.where = "";
    }
  }

  Needs needs() {
    return needs;
  }

  /** A SELECT of the groups for which the conditions hold: {@link #keys}, or one row for all. */
  String groups(List<String> conditions) {
    List<String> columns = plan.groups().isEmpty() ? List.of("count(*) AS n") : namedKeys();
    return "SELECT %s FROM %s%s%s%s"
        .formatted(String.join(", ", columns), source, where, groupBy(), having(conditions));
  }

  /** A SELECT of what the query groups by, named, and more, where a condition holds too. */
  String rows(List<String> more, String condition) {
    List<String> columns = new ArrayList<>(namedKeys());
    columns.addAll(more);
    return "SELECT %s FROM %s%s"
        .formatted(
            String.join(", ", columns),
            source,
            where.isEmpty() ? " WHERE " + condition : where + " AND " + condition);
  }

  /** Names of columns for what the query groups by. */
  List<String> keys() {
    return IntStream.range(0, plan.groups().size()).mapToObj(i -> "g" + i).toList();
  }

  private List<String> namedKeys() {
    List<String> keys = keys();
    List<String> named = new ArrayList<>();
    for (int i = 0; i < keys.size(); i++) {
      named.add(expression(plan.groups().get(i)) + " AS " + keys.get(i));
    }
    return named;
  }

  /**
   * The query, over the rows of those groups for which the conditions hold. No figure is made of
   * other rows: one that overflows would tell about a group that is left out.
   */
  String query(List<String> conditions) {
    List<String> having = new ArrayList<>();
    StringBuilder sql = new StringBuilder("SELECT ");
    sql.append(
            plan.outputs().stream()
                .map(output -> expression(output.expression()) + " AS " + identifier(output.name()))
                .collect(Collectors.joining(", ")))
        .append(" FROM ")
        .append(source);
    if (!conditions.isEmpty()) {
      sql.append(" SEMI JOIN (%s) AS told ON %s".formatted(groups(conditions), sameGroup()));
      if (plan.groups().isEmpty()) {
        // Of no rows there would be a group all the same.
        having.add("count(*) > 0");
      }
    }
    plan.having().ifPresent(condition -> having.add(inDoubles(condition)));
    sql.append(where).append(groupBy()).append(having(having));
    sql.append(" ORDER BY ").append(String.join(", ", orders()));
    plan.limit().ifPresent(limit -> sql.append(" LIMIT ").append(limit));
    plan.offset().ifPresent(offset -> sql.append(" OFFSET ").append(offset));
    return sql.toString();
  }

  private String sameGroup() {
    List<String> keys = keys();
    return keys.isEmpty()
        ? "TRUE"
        : IntStream.range(0, keys.size())
            .mapToObj(i ->
                "%s IS NOT DISTINCT FROM told.%s"
                    .formatted(expression(plan.groups().get(i)), keys.get(i)))
            .collect(Collectors.joining(" AND "));
  }

  private String groupBy() {
    return plan.groups().isEmpty()
        ? ""
        : plan.groups().stream()
            .map(this::expression)
            .collect(Collectors.joining(", ", " GROUP BY ", ""));
  }

  private static String having(List<String> conditions) {
    return conditions.isEmpty() ? "" : " HAVING " + String.join(" AND ", conditions);
  }

  /** Every output orders rows in the end: the order in which rows came tells about them. */
  private List<String> orders() {
    List<String> orders = new ArrayList<>();
    List<Expr> outputs = plan.outputs().stream().map(Plan.Output::expression).toList();
    TreeSet<Integer> left = new TreeSet<>();
    for (int i = 0; i < outputs.size(); i++) {
      left.add(i);
    }
    for (Plan.Order order : plan.orders()) {
      int at = outputs.indexOf(order.expression());
      orders.add(
          (at < 0 ? expression(order.expression()) : Integer.toString(at + 1)) + order.words());
      left.remove(at);
    }
    left.forEach(i -> orders.add(Integer.toString(i + 1)));
    return orders;
  }

  private String from(From from) {
    return switch (from) {
      case From.Table table -> {
        String alias = "t" + table.number();
        references.put(table.number(), column -> alias + "." + identifier(column));
        yield identifier(plan.tables().get(table.number()).name()) + " AS " + alias;
      }
      case From.Join join -> {
        String left = from(join.left());
        String right = from(join.right());
        List<String> on = new ArrayList<>();
        join.pairs()
            .forEach(pair -> on.add(expression(pair.left()) + " = " + expression(pair.right())));
        join.filter().ifPresent(filter -> on.add(expression(filter)));
        yield "(%s %s JOIN %s ON %s)".formatted(left, join.kind(), right, String.join(" AND ", on));
      }
      case From.Filtered filtered -> subquery(filtered);
    };
  }

  /** With names for what is needed outside. */
  private String subquery(From.Filtered filtered) {
    String inner = from(filtered.from());
    String condition = expression(filtered.where());
    List<String> columns = new ArrayList<>();
    String alias = "d" + subqueries++;
    for (int table : filtered.tables().toList()) {
      UnaryOperator<String> inside = reference(table);
      List<String> names = new ArrayList<>(needs.of(table));
      names.add(ROW);
      for (String name : names) {
        columns.add(inside.apply(name) + " AS " + identifier(table + "." + name));
      }
      references.put(table, column -> alias + "." + identifier(table + "." + column));
    }
    return "(SELECT %s FROM %s WHERE %s) AS %s"
        .formatted(String.join(", ", columns), inner, condition, alias);
  }

  private UnaryOperator<String> reference(int table) {
    UnaryOperator<String> reference = references.get(table);
    if (reference == null) {
      throw new IllegalStateException("table %d is not there yet".formatted(table));
    }
    return reference;
  }

  /** What tells a table's rows apart. */
  String rowOf(int table) {
    return reference(table).apply(ROW);
  }

  /** A query of those, as {@code r}, of all rows that the plan groups. */
  String rowsOf(int table) {
    return "SELECT %s AS r FROM %s%s".formatted(rowOf(table), source, where);
  }

  String expression(Expr expression) {
    return expression(expression, false);
  }

  /** With every number a double, so that nothing can overflow. */
  private String inDoubles(Expr expression) {
    return expression(expression, true);
  }

  private String expression(Expr expression, boolean doubles) {
    // What groups must stand as it does in GROUP BY.
    if (doubles && plan.groups().contains(expression)) {
      String key = expression(expression);
      return expression.type().isNumeric() ? "CAST(%s AS DOUBLE)".formatted(key) : key;
    }
    String sql =
        switch (expression) {
          case Expr.Col column -> reference(column.table()).apply(column.column());
          case Expr.Const constant ->
              "CAST(%s AS %s)"
                  .formatted(
                      constant.text().map(Render::text).orElse("NULL"), constant.type().sql());
          case Expr.Param param -> param.sql("$" + identifier(param.name()));
          case Expr.Call call ->
              call.form()
                  .formatted(call.parts().stream().map(p -> expression(p, doubles)).toArray());
          case Expr.Aggregate aggregate -> rounded(aggregate);
        };
    return doubles && expression.type().isNumeric() && !(expression instanceof Expr.Call)
        ? "CAST(%s AS DOUBLE)".formatted(sql)
        : sql;
  }

  private String rounded(Expr.Aggregate aggregate) {
    String column = aggregate.column().map(this::expression).orElse("*");
    String sql =
        aggregate.function().equals("count_distinct")
            ? "count(DISTINCT %s)".formatted(column)
            : "%s(%s)".formatted(aggregate.function(), column);
    return rounding.isPresent() && aggregate.type().isNumeric()
        ? Rounded.sql(sql, aggregate.type(), rounding.get())
        : sql;
  }

  static String identifier(String name) {
    return '"' + name.replace("\"", "\"\"") + '"';
  }

  static String text(String value) {
    return '\'' + value.replace("'", "''") + '\'';
  }

  /** The columns of each table that the plan needs, with identities. */
  record Needs(Map<Integer, TreeSet<String>> columns) {
    static Needs of(Plan plan) {
      Map<Integer, TreeSet<String>> columns = new HashMap<>();
      for (int i = 0; i < plan.tables().size(); i++) {
        TreeSet<String> names = new TreeSet<>();
        if (plan.tables().get(i).hasIdentity()) {
          names.add(plan.tables().get(i).identity());
        }
        columns.put(i, names);
      }
      Columns.of(plan)
          .forEach(column ->
              columns.computeIfAbsent(column.table(), _ -> new TreeSet<>()).add(column.column()));
      return new Needs(Collections.unmodifiableMap(columns));
    }

    TreeSet<String> of(int table) {
      return columns.getOrDefault(table, new TreeSet<>());
    }
  }
}
