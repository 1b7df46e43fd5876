package io.parley.rules;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Collection;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * Decides, where an agreement has no conditions, from DuckDB's own parse tree whether a query may
 * run: one SELECT, over the datasets and its own common table expressions, with table functions
 * that only make rows. What is not known here is refused.
 */
public final class PlainCheck {
  private static final Set<String> TABLE_KINDS =
      Set.of(
          "BASE_TABLE", "SUBQUERY", "JOIN", "TABLE_FUNCTION", "EXPRESSION_LIST", "EMPTY", "PIVOT");
  // Not query, arrow_scan, enable_logging and their like: they run other text, read memory or
  // files, or change the engine, and a SELECT can call them.
  private static final Set<String> TABLE_FUNCTIONS =
      Set.of(
          "range", "generate_series", "unnest", "repeat", "repeat_row", "json_each", "json_tree");

  private final Set<String> tables = new TreeSet<>(String.CASE_INSENSITIVE_ORDER);
  private final Set<String> aliases = new TreeSet<>(String.CASE_INSENSITIVE_ORDER);
  private final Set<String> parameters = new TreeSet<>(String.CASE_INSENSITIVE_ORDER);
  private final Set<String> words = new TreeSet<>(String.CASE_INSENSITIVE_ORDER);
  private boolean everyColumn;

  private PlainCheck() {}

  /**
   * Checks.
   *
   * @param tree what {@code json_serialize_sql} says about the query's text
   * @throws RuleException INVALID_QUERY, saying what to change
   */
  public static PlainQuery check(JsonNode tree, Collection<String> datasets) {
    JsonNode statement =
        Tree.statement(tree, "PIVOT is one as SELECT * FROM (PIVOT t ON x IN (1, 2) USING sum(y))");
    PlainCheck check = new PlainCheck();
    check.tables.addAll(datasets);
    check.collectNames(statement);
    check.visit(statement);
    return new PlainQuery(
        check.parameters, check.everyColumn ? Optional.empty() : Optional.of(check.words));
  }

  private void collectNames(JsonNode node) {
    node.path("cte_map").path("map").forEach(entry -> tables.add(entry.path("key").asText()));
    if (node.has("sample") && !node.has("select_list")) {
      aliases.add(node.path("alias").asText());
    }
    node.forEach(this::collectNames);
  }

  private void visit(JsonNode node) {
    switch (node.path("class").asText()) {
      case "PARAMETER" -> parameters.add(node.path("identifier").asText());
      case "STAR" -> everyColumn = true;
      case "COLUMN_REF" -> visitColumn(node.path("column_names"));
      default -> {}
    }
    if (node.isTextual()) {
      words.add(node.asText());
    }
    // Of all nodes of the tree, only a table reference has a sample and no select list.
    if (node.has("sample") && !node.has("select_list")) {
      visitTable(node);
    }
    node.forEach(this::visit);
  }

  /** A column that is called like a table may be a whole row of it. */
  private void visitColumn(JsonNode names) {
    String last = names.path(names.size() - 1).asText();
    everyColumn |= tables.contains(last) || aliases.contains(last);
  }

  private void visitTable(JsonNode table) {
    String kind = table.path("type").asText();
    // These mean columns that they do not name.
    everyColumn |=
        kind.equals("PIVOT")
            || table.path("ref_type").asText().equals("NATURAL")
            || !table.path("column_name_alias").isEmpty();
    if (!TABLE_KINDS.contains(kind)) {
      throw Tree.invalid("%s is not allowed in FROM".formatted(kind));
    }
    if (kind.equals("BASE_TABLE")) {
      visitBaseTable(table);
    }
    if (kind.equals("TABLE_FUNCTION")) {
      String name = table.path("function").path("function_name").asText();
      if (!TABLE_FUNCTIONS.contains(name.toLowerCase(Locale.ROOT))) {
        throw Tree.invalid(
            "table function '%s' is not allowed; allowed are %s"
                .formatted(name, new TreeSet<>(TABLE_FUNCTIONS)));
      }
    }
  }

  private void visitBaseTable(JsonNode table) {
    String name = table.path("table_name").asText();
    boolean plain =
        table.path("schema_name").asText().isEmpty()
            && table.path("catalog_name").asText().isEmpty();
    if (!plain || !tables.contains(name)) {
      throw Tree.invalid("there is no dataset '%s'; there are %s".formatted(name, tables));
    }
  }
}
