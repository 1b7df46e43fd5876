package io.parley.rules;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The verdict on a query: what to run instead of it, or every rule that it breaks. */
public final class RuleCheck {
  /** A query's text can be this long. */
  public static final int MAX_QUERY_CHARS = 1 << 18;

  private RuleCheck() {}

  /**
   * Holds a query against the rules.
   *
   * @param tree what DuckDB's {@code json_serialize_sql} says about its text
   * @throws RuleException with every rule that is broken, as far as the query is understood; with
   *     the reason INVALID_QUERY when DuckDB could not read it
   */
  public static Checked check(JsonNode tree, QueryRules rules) {
    JsonNode typed = rules.parameters().in(Tree.statement(tree, "use GROUP BY in place of PIVOT"));
    Grants grants = new Grants(rules);
    Plan plan;
    try {
      plan = new SelectReader(rules, grants).read(typed.path("node"));
    } catch (RuleException e) {
      throw grants.violations().isEmpty() ? e : joined(grants.violations(), e);
    }
    whole(plan, rules, grants);
    if (!grants.violations().isEmpty()) {
      throw new RuleException(grants.violations());
    }
    return checked(plan, rules, grants);
  }

  /** What stops the reading comes first: the rest may be different once it is mended. */
  private static RuleException joined(List<Violation> found, RuleException last) {
    List<Violation> all = new java.util.ArrayList<>(last.violations());
    all.addAll(found);
    return new RuleException(all);
  }

  private static void whole(Plan plan, QueryRules rules, Grants grants) {
    if (rules.minGroup() > 0 && plan.tables().stream().noneMatch(TableRules::hasIdentity)) {
      grants.add(
          Violation.ofQuery(
              "RULE_IDENTITY",
              "the result tells only groups of at least %d identities, and no dataset of the query has an 'identity'; join one that has"
                  .formatted(rules.minGroup())));
    }
    for (TableRules table : plan.tables()) {
      if (rules.minGroup() > 0 && table.column("rowid").isPresent()) {
        grants.add(
            Violation.ofQuery(
                "RULE_NAME",
                "dataset '%s' has a column called rowid, which hides what tells its rows apart"
                    .formatted(table.name())));
      }
    }
  }

  private static Checked checked(Plan plan, QueryRules rules, Grants grants) {
    Render render = new Render(plan, rules.rounding());
    List<String> conditions = new Thresholds(plan, rules.minGroup()).conditions(render);
    Map<String, Set<String>> columns = new HashMap<>();
    Map<String, Members> members = new HashMap<>();
    MembersQuery whose = new MembersQuery(plan, render, render.groups(conditions));
    for (int i = 0; i < plan.tables().size(); i++) {
      TableRules table = plan.tables().get(i);
      columns.put(table.name(), Set.copyOf(render.needs().of(i)));
      if (table.hasIdentity() && plan.aggregated()) {
        members.put(table.name(), whose.of(i));
      }
    }
    return new Checked(
        render.query(conditions),
        Columns.parameters(plan)
            .map(param -> new Checked.Parameter(param.name(), param.type().sql(), param.sql("%s")))
            .toList(),
        Columns.constants(plan).map(render::expression).toList(),
        plan.aggregated(),
        plan.outputs().stream().map(Plan.Output::name).toList(),
        grants.used(),
        columns,
        members);
  }
}
