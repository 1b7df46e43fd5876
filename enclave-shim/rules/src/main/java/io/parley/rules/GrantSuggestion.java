package io.parley.rules;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** What owners would have to grant for a query to be allowed, and no more than that. */
public final class GrantSuggestion {
  private static final Set<String> OF_IDENTITIES = Set.of("count", "count_distinct");

  private GrantSuggestion() {}

  /**
   * The smallest set of grants that allows the query; empty when it is allowed as it is. Smallest,
   * because every use of a column needs a grant of its own, and none can stand for another.
   *
   * @throws RuleException when no grant would: with what is in the way
   */
  public static List<Grant> of(JsonNode tree, QueryRules rules) {
    QueryRules granted = rules;
    TreeSet<Grant> grants = new TreeSet<>();
    while (true) {
      try {
        Checked unused = RuleCheck.check(tree, granted);
        return unused.uses().isEmpty() ? List.of() : List.copyOf(grants);
      } catch (RuleException e) {
        List<Violation> hard = e.violations().stream().filter(v -> !isGrantable(v, rules)).toList();
        if (!hard.isEmpty()) {
          throw new RuleException(hard);
        }
        for (Violation violation : e.violations()) {
          Grant grant = violation.grant().orElseThrow();
          grants.add(grant);
          granted = with(granted, grant);
        }
      }
    }
  }

  /** Of a column of identities, anything but a count would be somebody's name. */
  private static boolean isGrantable(Violation violation, QueryRules rules) {
    return violation
        .grant()
        .filter(grant ->
            grant.use() != Use.AGGREGATE
                || OF_IDENTITIES.contains(grant.function())
                || rules.tables().stream()
                    .noneMatch(t ->
                        t.name().equals(grant.dataset()) && t.identity().equals(grant.column())))
        .isPresent();
  }

  private static QueryRules with(QueryRules rules, Grant grant) {
    List<TableRules> tables = new ArrayList<>();
    for (TableRules table : rules.tables()) {
      tables.add(table.name().equals(grant.dataset()) ? with(table, grant) : table);
    }
    return new QueryRules(
        tables, rules.withinRules(), rules.minGroup(), rules.rounding(), rules.parameters());
  }

  private static TableRules with(TableRules table, Grant grant) {
    Map<String, Set<String>> aggregate = new HashMap<>(table.aggregate());
    if (grant.use() == Use.AGGREGATE) {
      aggregate.merge(grant.column(), Set.of(grant.function()), GrantSuggestion::union);
    }
    return new TableRules(
        table.name(),
        table.owner(),
        table.columns(),
        true,
        with(Use.JOIN, table.join(), grant),
        with(Use.GROUP, table.group(), grant),
        aggregate,
        with(Use.FILTER, table.filter(), grant),
        with(Use.LIST, table.list(), grant),
        table.identity());
  }

  private static Set<String> with(Use use, Set<String> columns, Grant grant) {
    return grant.use() == use ? union(columns, Set.of(grant.column())) : columns;
  }

  private static Set<String> union(Set<String> some, Set<String> others) {
    Set<String> union = new HashSet<>(some);
    union.addAll(others);
    return union;
  }
}
