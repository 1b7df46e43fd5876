package io.parley.rules;

import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * One rule that a query breaks. Holds names and types only, never a value of data.
 *
 * @param rule the reason, such as {@code RULE_JOIN}
 * @param message what was expected, what came, and what to do
 * @param table the dataset; empty where it is about the whole query
 * @param party that the rule is of; empty likewise
 * @param grant what would allow it, where a grant would
 */
public record Violation(
    String rule, String message, String table, String column, String party, Optional<Grant> grant) {
  static Violation ofQuery(String rule, String message) {
    return new Violation(rule, message, "", "", "", Optional.empty());
  }

  /** The variables of the message, by name. */
  public Map<String, String> metadata() {
    TreeMap<String, String> metadata = new TreeMap<>();
    metadata.put("rule", rule);
    put(metadata, "table", table);
    put(metadata, "column", column);
    put(metadata, "party", party);
    grant.ifPresent(g -> metadata.put("grant", g.text()));
    return metadata;
  }

  private static void put(Map<String, String> metadata, String name, String value) {
    if (!value.isEmpty()) {
      metadata.put(name, value);
    }
  }
}
