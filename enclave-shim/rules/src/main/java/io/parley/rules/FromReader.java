package io.parley.rules;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * FROM of the parse tree: datasets, joins on equality, and subqueries that only pick columns and
 * rows. A subquery that groups would be an answer of its own, and is refused.
 */
final class FromReader {
  /** Rows, and the names that are known of them. */
  record Found(From from, Scope scope) {}

  private static final Set<String> KINDS = Set.of("INNER", "LEFT", "RIGHT", "FULL", "OUTER");
  private static final int MAX_DEPTH = 32;

  private final QueryRules rules;
  private final Grants grants;
  private final List<TableRules> tables = new ArrayList<>();

  FromReader(QueryRules rules, Grants grants) {
    this.rules = rules;
    this.grants = grants;
  }

  /** The tables found so far, by number. */
  List<TableRules> tables() {
    return Collections.unmodifiableList(tables);
  }

  /** Common table expressions by name in lower case, with those of outer queries. */
  Map<String, JsonNode> with(JsonNode select, Map<String, JsonNode> outer) {
    Map<String, JsonNode> named = new HashMap<>(outer);
    for (JsonNode entry : select.path("cte_map").path("map")) {
      String name = entry.path("key").asText();
      Tree.require(
          Tree.absent(entry.path("value"), "aliases")
              && Tree.absent(entry.path("value"), "key_targets"),
          "WITH '%s' renames columns or is recursive; name columns with AS".formatted(name));
      boolean taken =
          rules.tables().stream().anyMatch(table -> table.name().equalsIgnoreCase(name));
      if (taken) {
        throw new RuleException(
            "RULE_NAME", "WITH '%s' has the name of a dataset; call it otherwise".formatted(name));
      }
      named.put(name.toLowerCase(Locale.ROOT), entry.path("value").path("query").path("node"));
    }
    return named;
  }

  Found read(JsonNode table, Map<String, JsonNode> with, int depth) {
    Tree.require(depth <= MAX_DEPTH, "the query is nested too deeply");
    Tree.require(Tree.absent(table, "sample"), "a sample of rows is not known here");
    return switch (Tree.type(table)) {
      case "BASE_TABLE" -> named(table, with, depth);
      case "SUBQUERY" -> {
        Tree.only(table, "sample", "subquery", "column_name_alias");
        Tree.require(
            Tree.absent(table, "column_name_alias"), "name columns of a subquery inside it");
        String alias = table.path("alias").asText();
        yield derived(
            table.path("subquery").path("node"),
            alias.isEmpty() ? "unnamed_subquery" : alias,
            with,
            depth + 1);
      }
      case "JOIN" -> join(table, with, depth + 1);
      case "EMPTY" -> throw Tree.shape("the query has no FROM, so it asks nothing of a dataset");
      default ->
          throw Tree.shape(
              "FROM holds a %s; only datasets, joins and plain subqueries are known"
                  .formatted(Tree.type(table)));
    };
  }

  private Found named(JsonNode table, Map<String, JsonNode> with, int depth) {
    Tree.only(
        table,
        "sample",
        "schema_name",
        "table_name",
        "column_name_alias",
        "catalog_name",
        "at_clause");
    String name = table.path("table_name").asText();
    Tree.require(
        Tree.absent(table, "schema_name")
            && Tree.absent(table, "catalog_name")
            && Tree.absent(table, "at_clause"),
        "'%s' is named with a schema; datasets have none".formatted(name));
    Tree.require(
        Tree.absent(table, "column_name_alias"),
        "'%s' has its columns renamed; rename them where they are used".formatted(name));
    String alias = table.path("alias").asText().isEmpty() ? name : table.path("alias").asText();
    JsonNode derived = with.get(name.toLowerCase(Locale.ROOT));
    if (derived != null) {
      // What a WITH names is not known inside itself.
      Map<String, JsonNode> outer = new HashMap<>(with);
      outer.remove(name.toLowerCase(Locale.ROOT));
      return derived(derived, alias, outer, depth + 1);
    }
    TableRules found =
        rules.tables().stream()
            .filter(t -> t.name().equalsIgnoreCase(name))
            .findFirst()
            .orElseThrow(() ->
                new RuleException(
                    "RULE_NAME",
                    "there is no dataset '%s'; there are %s"
                        .formatted(name, rules.tables().stream().map(TableRules::name).toList())));
    Tree.require(
        !tables.contains(found),
        "dataset '%s' is used twice; two answers over almost the same rows tell about the rest"
            .formatted(found.name()));
    tables.add(found);
    int number = tables.size() - 1;
    Map<String, Expr.Col> columns = new LinkedHashMap<>();
    found
        .columns()
        .forEach((column, rule) -> columns.put(column, new Expr.Col(number, column, rule.type())));
    return new Found(new From.Table(number), Scope.of(alias, columns));
  }

  private Found derived(JsonNode select, String alias, Map<String, JsonNode> with, int depth) {
    Selects.requirePlain(select);
    Tree.require(
        Tree.absent(select, "modifiers"),
        "a subquery has DISTINCT, ORDER BY or LIMIT, which single rows out");
    Tree.require(
        Tree.absent(select, "group_expressions")
            && Tree.absent(select, "having")
            && !select.path("aggregate_handling").asText().equals("FORCE_AGGREGATES"),
        "a subquery groups: an answer inside a query is told beside the query's own; group once, outside");
    Found rows = rows(select, with, depth);
    Map<String, Expr.Col> columns = new LinkedHashMap<>();
    for (JsonNode item : select.path("select_list")) {
      Selects.columns(item, rows.scope(), "a subquery")
          .forEach((name, column) -> {
            if (columns.putIfAbsent(name, column) != null) {
              throw new RuleException(
                  "RULE_NAME", "'%s' has two columns called '%s'".formatted(alias, name));
            }
          });
    }
    return new Found(rows.from(), Scope.of(alias, columns));
  }

  /** FROM and WHERE of a SELECT. */
  Found rows(JsonNode select, Map<String, JsonNode> outer, int depth) {
    Found found = read(select.path("from_table"), with(select, outer), depth);
    if (Tree.absent(select, "where_clause")) {
      return found;
    }
    Expr where =
        ExprReader.truth(ExprReader.ofRows(found.scope()).read(select.path("where_clause")));
    grants.row(Use.FILTER, where, tables);
    return new Found(new From.Filtered(found.from(), where), found.scope());
  }

  private Found join(JsonNode join, Map<String, JsonNode> with, int depth) {
    Tree.only(
        join,
        "sample",
        "left",
        "right",
        "condition",
        "join_type",
        "ref_type",
        "using_columns",
        "delim_flipped",
        "duplicate_eliminated_columns");
    String kind = join.path("join_type").asText();
    Tree.require(
        join.path("ref_type").asText().equals("REGULAR") && KINDS.contains(kind),
        "a join of the kind %s %s is not known here; write JOIN ... ON with an equality"
            .formatted(join.path("ref_type").asText(), kind));
    Found left = read(join.path("left"), with, depth);
    Found right = read(join.path("right"), with, depth);
    return new Joins(grants, tables).on(join, kind.equals("OUTER") ? "FULL" : kind, left, right);
  }

  static Optional<JsonNode> member(JsonNode node, String name) {
    return Tree.absent(node, name) ? Optional.empty() : Optional.of(node.path(name));
  }
}
