package io.parley.apps.sql;

import com.fasterxml.jackson.databind.JsonNode;
import io.parley.rules.Checked;
import io.parley.rules.QueryRules;
import io.parley.rules.RuleCheck;
import io.parley.rules.RuleException;
import io.parley.rules.Violation;
import io.parley.sdk.AppException;
import java.sql.SQLException;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** A query that is held against the agreement's conditions. */
final class RuledQuery {
  private RuledQuery() {}

  /**
   * What to run in place of the query's text.
   *
   * @throws AppException RULE_... with rule, table, column, party and grant; INVALID_QUERY; or
   *     INVALID_PARAMETER
   */
  static Query check(Engine engine, JsonNode tree, QueryRules rules, Map<String, String> values)
      throws SQLException {
    try {
      Checked checked = RuleCheck.check(tree, rules);
      Map<String, Argument> parameters =
          QueryCheck.bind(
              checked.parameters().stream().map(Checked.Parameter::name).distinct().toList(),
              values,
              rules.parameters());
      engine.requireValues(checked, parameters);
      Set<String> columns = new HashSet<>();
      checked.columns().values().forEach(columns::addAll);
      return new Query(checked.sql(), parameters, Optional.of(columns), checked.members());
    } catch (RuleException e) {
      Violation first = e.violations().getFirst();
      throw new AppException(first.rule(), e.text(), first.metadata());
    } catch (IllegalArgumentException e) {
      throw new AppException(
          "INVALID_PARAMETER", "the conditions of the agreement cannot be read: " + e.getMessage());
    }
  }
}
