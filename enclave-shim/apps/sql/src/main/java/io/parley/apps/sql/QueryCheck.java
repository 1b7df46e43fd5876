package io.parley.apps.sql;

import com.fasterxml.jackson.databind.JsonNode;
import io.parley.rules.ParameterTypes;
import io.parley.rules.RuleCheck;
import io.parley.sdk.AppException;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * Decides from DuckDB's own parse tree whether a query may run: one SELECT, over the datasets and
 * its own common table expressions, with table functions that only make rows. What is not known
 * here is refused.
 */
final class QueryCheck {
  static final int MAX_QUERY_CHARS = RuleCheck.MAX_QUERY_CHARS;

  private static final Set<String> TABLE_KINDS =
      Set.of(
          "BASE_TABLE", "SUBQUERY", "JOIN", "TABLE_FUNCTION", "EXPRESSION_LIST", "EMPTY", "PIVOT");
  // Not query, arrow_scan, enable_logging and their like: they run other text, read memory or
  // files, or change the engine, and a SELECT can call them.
  private static final Set<String> TABLE_FUNCTIONS =
      Set.of(
          "range", "generate_series", "unnest", "repeat", "repeat_row", "json_each", "json_tree");
  private static final Pattern PARAMETER_NAME = Pattern.compile("[A-Za-z_][A-Za-z0-9_]{0,62}");

  private final Set<String> tables = new TreeSet<>(String.CASE_INSENSITIVE_ORDER);
  private final Set<String> aliases = new TreeSet<>(String.CASE_INSENSITIVE_ORDER);
  private final Set<String> parameters = new TreeSet<>(String.CASE_INSENSITIVE_ORDER);

  private final Set<String> words = new TreeSet<>(String.CASE_INSENSITIVE_ORDER);
  private boolean everyColumn;

  private QueryCheck() {}

  /**
   * Checks and pairs parameters with values.
   *
   * @param tree what {@code json_serialize_sql} says about {@code text}
   * @throws AppException INVALID_QUERY or INVALID_PARAMETER, saying what to change
   */
  static Query check(
      String text,
      JsonNode tree,
      Collection<String> datasets,
      Map<String, String> values,
      ParameterTypes types) {
    if (tree.path("error").asBoolean(true)) {
      throw refused(
          tree.path("error_type").asText().equals("not implemented")
              ? "only a SELECT statement may run"
              : tree.path("error_message").asText());
    }
    int statements = tree.path("statements").size();
    if (statements != 1) {
      throw refused("expected one statement, found " + statements);
    }
    QueryCheck check = new QueryCheck();
    check.tables.addAll(datasets);
    check.collectNames(tree.path("statements"));
    check.visit(tree.path("statements"));
    return new Query(
        text,
        bind(check.parameters, values, types),
        check.everyColumn ? Optional.empty() : Optional.of(check.words),
        Map.of());
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
      throw refused("%s is not allowed in FROM".formatted(kind));
    }
    if (kind.equals("BASE_TABLE")) {
      visitBaseTable(table);
    }
    if (kind.equals("TABLE_FUNCTION")) {
      String name = table.path("function").path("function_name").asText();
      if (!TABLE_FUNCTIONS.contains(name.toLowerCase(Locale.ROOT))) {
        throw refused(
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
      throw refused("there is no dataset '%s'; there are %s".formatted(name, tables));
    }
  }

  /**
   * A value for each parameter, and a parameter for each value.
   *
   * @throws AppException INVALID_PARAMETER
   */
  static Map<String, Argument> bind(
      Collection<String> parameters, Map<String, String> values, ParameterTypes types) {
    Map<String, Argument> bound = new HashMap<>();
    Set<String> unused = new TreeSet<>(values.keySet());
    for (String parameter : parameters) {
      List<String> names = values.keySet().stream().filter(parameter::equalsIgnoreCase).toList();
      if (!PARAMETER_NAME.matcher(parameter).matches() || names.size() != 1) {
        throw parameter(
            parameter,
            "the query uses $%s; name exactly one parameter '%s' in the agreement"
                .formatted(parameter, parameter));
      }
      String value = values.getOrDefault(names.getFirst(), "");
      bound.put(parameter, new Argument(value, types.sql(parameter)));
      unused.removeAll(names);
    }
    for (String name : unused) {
      throw parameter(
          name, "the query does not use parameter '%s'; write $%s".formatted(name, name));
    }
    return bound;
  }

  private static AppException parameter(String name, String message) {
    return new AppException("INVALID_PARAMETER", message, Map.of("parameter", name));
  }

  private static AppException refused(String message) {
    return new AppException("INVALID_QUERY", message);
  }
}
