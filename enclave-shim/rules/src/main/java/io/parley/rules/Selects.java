package io.parley.rules;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What is common to every SELECT of a query. */
final class Selects {
  private Selects() {}

  /** One SELECT, without anything that is refused everywhere. */
  static void requirePlain(JsonNode select) {
    String type = Tree.type(select);
    Tree.require(
        type.equals("SELECT_NODE"),
        switch (type) {
          case "SET_OPERATION_NODE" ->
              "UNION, INTERSECT and EXCEPT put two answers beside each other, and their difference tells about single rows; ask one at a time";
          case "RECURSIVE_CTE_NODE" -> "a recursive query is not known here";
          default -> "a statement of the kind %s is not known here".formatted(type);
        });
    Tree.only(
        select,
        "modifiers",
        "cte_map",
        "select_list",
        "from_table",
        "where_clause",
        "group_expressions",
        "group_sets",
        "aggregate_handling",
        "having",
        "sample",
        "qualify");
    Tree.require(Tree.absent(select, "sample"), "a sample of rows is not known here");
    Tree.require(
        Tree.absent(select, "qualify"), "QUALIFY picks rows by a window function; use HAVING");
    int groups = select.path("group_expressions").size();
    JsonNode sets = select.path("group_sets");
    boolean one = sets.isEmpty() || sets.size() == 1 && sets.get(0).size() == groups;
    Tree.require(
        one,
        "GROUPING SETS, ROLLUP and CUBE tell totals beside their parts, and so the parts that are left out; group once");
  }

  /** Columns of one item of a select list, by name: a column, or a star. */
  static Map<String, Expr.Col> columns(JsonNode item, Scope scope, String where) {
    if (Tree.kind(item).equals("STAR")) {
      return star(item, scope);
    }
    Tree.require(
        Tree.kind(item).equals("COLUMN_REF"),
        where + " computes something; it may only pick columns, and what is computed goes outside");
    Map<String, Expr.Col> columns = new LinkedHashMap<>();
    List<String> path = Scope.path(item);
    String alias = item.path("alias").asText();
    Expr read = ExprReader.ofRows(scope).read(item);
    if (read instanceof Expr.Col column) {
      columns.put(alias.isEmpty() ? path.getLast() : alias, column);
    }
    return columns;
  }

  static Map<String, Expr.Col> star(JsonNode star, Scope scope) {
    for (String member :
        List.of(
            "exclude_list",
            "replace_list",
            "rename_list",
            "qualified_exclude_list",
            "columns",
            "expr")) {
      Tree.require(
          Tree.absent(star, member),
          "* with EXCLUDE, REPLACE, RENAME or COLUMNS is not known here");
    }
    return scope.everything(star.path("relation_name").asText());
  }
}
