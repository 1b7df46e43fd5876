package io.parley.apps.sql;

import java.util.Optional;

/**
 * The value of a parameter.
 *
 * @param type as the agreement has it; empty: a text
 */
record Argument(String text, Optional<String> type) {
  /** A constant of that type: text and type never meet the text of the query. */
  String sql() {
    String literal = Sql.literal(text);
    return type.map(to -> "CAST(%s AS %s)".formatted(literal, to)).orElse(literal);
  }
}
