package io.parley.peer.cli;

import com.fasterxml.jackson.databind.JsonNode;
import io.parley.agreement.Dataset;
import io.parley.agreement.Parameter;
import io.parley.agreement.Queries;
import io.parley.agreement.ResultNotices;
import io.parley.rules.Checked;
import io.parley.rules.Grant;
import io.parley.rules.GrantSuggestion;
import io.parley.rules.QueryRules;
import io.parley.rules.RuleCheck;
import io.parley.rules.RuleException;
import io.parley.rules.Use;
import io.parley.rules.Violation;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** What {@code parley query explain} says about one query under one agreement. */
final class QueryExplanation {
  private final QueryTerms terms;
  private final String query;

  QueryExplanation(QueryTerms terms, String query) {
    this.terms = terms;
    this.query = query;
  }

  /**
   * The verdict, ready to be shown.
   *
   * @param fields in order
   * @param allowed whether a job would run it
   */
  record Verdict(Map<String, @Nullable Object> fields, boolean allowed) {}

  /**
   * @param set names of parameters that the job would set
   * @param suggest whether to say what grants would allow it
   */
  Verdict verdict(QueryProbe probe, Set<String> set, boolean suggest) {
    Map<String, @Nullable Object> fields = new LinkedHashMap<>();
    JsonNode tree = probe.tree(query);
    QueryRules rules = terms.rules();
    List<Violation> problems = new ArrayList<>();
    Optional<Checked> checked = Optional.empty();
    try {
      checked = Optional.of(RuleCheck.check(tree, rules));
      Checked allowed = checked.get();
      parameters(allowed, set)
          .forEach(problem -> problems.add(ofQuery("INVALID_PARAMETER", problem)));
      probe
          .problem(terms.datasets(), allowed)
          .ifPresent(problem -> problems.add(ofQuery("INVALID_QUERY", problem)));
    } catch (RuleException e) {
      problems.addAll(e.violations());
    }
    fields.put("allowed", problems.isEmpty());
    fields.put("agreement", terms.name());
    fields.put("queries", terms.queries().text());
    fields.put("result", terms.result().name());
    fields.put("told_to", terms.result().recipients());
    for (int i = 0; i < problems.size(); i++) {
      fields.put("problem " + (i + 1), shown(problems.get(i)));
    }
    checked.ifPresent(allowed -> reveals(allowed, fields));
    fields.put("conditions", ResultNotices.of(terms.datasets(), terms.result(), terms.queries()));
    if (problems.isEmpty()) {
      checked.ifPresent(allowed -> fields.put("runs", allowed.sql()));
    } else if (suggest) {
      fields.put("grants", grants(tree, rules));
    }
    return new Verdict(fields, problems.isEmpty());
  }

  private static Violation ofQuery(String rule, String message) {
    return new Violation(rule, message, "", "", "", Optional.empty());
  }

  private static String shown(Violation violation) {
    return violation.rule() + ": " + violation.message();
  }

  /** What the app would say of the parameters. */
  private List<String> parameters(Checked allowed, Set<String> set) {
    List<String> problems = new ArrayList<>();
    Set<String> known = new TreeSet<>(String.CASE_INSENSITIVE_ORDER);
    Set<String> free = new TreeSet<>();
    for (Parameter parameter : terms.parameters()) {
      if (!parameter.name().equals(Queries.PARAMETER)) {
        known.add(parameter.name());
        if (parameter instanceof Parameter.Free) {
          free.add(parameter.name());
        }
      }
    }
    List<String> names =
        allowed.parameters().stream().map(Checked.Parameter::name).distinct().toList();
    for (String name : names) {
      if (!known.contains(name)) {
        problems.add("the query uses $%s, which is no parameter of the agreement".formatted(name));
      }
    }
    Set<String> used = new TreeSet<>(String.CASE_INSENSITIVE_ORDER);
    used.addAll(names);
    known.stream()
        .filter(name -> !used.contains(name))
        .forEach(name -> problems.add("the query does not use parameter '%s'".formatted(name)));
    set.stream()
        .filter(name -> !free.contains(name))
        .forEach(name -> problems.add("a job cannot set a parameter '%s'".formatted(name)));
    return problems;
  }

  /** Of each dataset what is done with it, and by whose permission. */
  private void reveals(Checked allowed, Map<String, @Nullable Object> fields) {
    fields.put("columns", allowed.outputs());
    fields.put("rows", allowed.aggregated() ? "one for each group" : "those of the datasets");
    Map<String, List<String>> uses = new TreeMap<>();
    for (Grant grant : allowed.uses()) {
      uses.computeIfAbsent(grant.dataset(), _ -> new ArrayList<>()).add(use(grant));
    }
    for (Dataset dataset : terms.datasets()) {
      List<String> of = uses.get(dataset.name());
      if (of != null || allowed.columns().containsKey(dataset.name())) {
        fields.put(
            "%s of %s".formatted(dataset.name(), dataset.owner()),
            of == null ? List.of("its rows take part; no column of it does") : of);
      }
    }
  }

  private static String use(Grant grant) {
    if (grant.use() != Use.AGGREGATE) {
      return "%s: %s".formatted(grant.column(), grant.use().verb());
    }
    return grant.column().equals("*")
        ? "rows: counted"
        : "%s: %s of each group".formatted(grant.column(), grant.function());
  }

  /** YAML to be added, or why none would help. */
  private static Object grants(JsonNode tree, QueryRules rules) {
    try {
      return GrantYaml.of(GrantSuggestion.of(tree, rules));
    } catch (RuleException e) {
      return "no grant would allow it: " + e.text();
    }
  }
}
