package io.parley.rules;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.Set;

/** Reading DuckDB's parse tree: what is not expected in a node is refused, not passed over. */
final class Tree {
  private static final Set<String> EVERYWHERE = Set.of("class", "type", "alias", "query_location");

  private Tree() {}

  static String kind(JsonNode node) {
    return node.path("class").asText();
  }

  static String type(JsonNode node) {
    return node.path("type").asText();
  }

  /** Every member must be one of these. */
  static void only(JsonNode node, String... known) {
    List<String> names = List.of(known);
    node.fieldNames()
        .forEachRemaining(name -> {
          if (!EVERYWHERE.contains(name) && !names.contains(name)) {
            throw shape("the query has a part '%s' that is not known here".formatted(name));
          }
        });
  }

  /** Whether a member is missing, null, false, empty text or an empty list. */
  static boolean absent(JsonNode node, String member) {
    JsonNode value = node.path(member);
    return value.isMissingNode()
        || value.isNull()
        || value.isBoolean() && !value.asBoolean()
        || value.isTextual() && value.asText().isEmpty()
        || value.isContainerNode() && value.isEmpty();
  }

  static void require(boolean fine, String message) {
    if (!fine) {
      throw shape(message);
    }
  }

  /**
   * The one SELECT of a parse tree.
   *
   * @param otherwise what to do where it is another statement
   * @throws RuleException INVALID_QUERY when there is none, or more, or DuckDB could not read it
   */
  static JsonNode statement(JsonNode tree, String otherwise) {
    if (tree.path("error").asBoolean(true)) {
      throw invalid(
          tree.path("error_type").asText().equals("not implemented")
              ? "only a SELECT statement may run; " + otherwise
              : tree.path("error_message").asText("the query cannot be read"));
    }
    int statements = tree.path("statements").size();
    if (statements != 1) {
      throw invalid("expected one statement, found " + statements);
    }
    return tree.path("statements").get(0);
  }

  static RuleException invalid(String message) {
    return new RuleException("INVALID_QUERY", message);
  }

  static RuleException shape(String message) {
    return new RuleException("RULE_SHAPE", message);
  }
}
