package io.parley.peer.cli;

import com.fasterxml.jackson.databind.JsonNode;
import io.parley.agreement.Dataset;
import io.parley.rules.Checked;
import io.parley.rules.Grant;
import io.parley.rules.GrantSuggestion;
import io.parley.rules.PlainCheck;
import io.parley.rules.PlainQuery;
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
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** What {@code parley query explain} says about one query under one agreement. */
final class QueryExplanation {
  private static final String UNCONDITIONED = "all that the query says: no condition is stated";

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
   * @param set parameters that the job would set
   * @param suggest whether to say what grants would allow it
   */
  Verdict verdict(QueryProbe probe, Map<String, String> set, boolean suggest) {
    Map<String, @Nullable Object> fields = new LinkedHashMap<>();
    Map<String, @Nullable Object> reveals = new LinkedHashMap<>();
    JsonNode tree = probe.tree(query);
    QueryRules rules = terms.rules();
    List<Violation> problems = new ArrayList<>();
    String runs = query;
    try {
      if (rules.isActive()) {
        Checked checked = RuleCheck.check(tree, rules);
        runs = checked.sql();
        reveals(checked, reveals);
        problems.addAll(problems(probe, checked, set));
      } else {
        problems.addAll(problems(probe, PlainCheck.check(tree, names()), set));
        reveals(reveals);
      }
    } catch (RuleException e) {
      problems.addAll(e.violations());
    }
    fields.put("allowed", problems.isEmpty());
    fields.put("agreement", terms.name());
    fields.put("queries", terms.queries().text());
    fields.put("result", terms.result().name());
    fields.put("told_to", terms.toldTo());
    for (int i = 0; i < problems.size(); i++) {
      fields.put("problem " + (i + 1), shown(problems.get(i)));
    }
    fields.putAll(reveals);
    fields.put("conditions", terms.conditions());
    if (problems.isEmpty()) {
      fields.put("runs", runs);
    } else if (suggest) {
      fields.put(
          "grants",
          rules.isActive()
              ? grants(tree, rules)
              : "no grant would allow it: the agreement states no conditions");
    }
    return new Verdict(fields, problems.isEmpty());
  }

  private List<Violation> problems(QueryProbe probe, Checked checked, Map<String, String> set) {
    QueryArguments arguments = new QueryArguments(terms.parameters(), set);
    List<Violation> problems = new ArrayList<>();
    arguments
        .problems(checked.parameters().stream().map(Checked.Parameter::name).distinct().toList())
        .forEach(problem -> problems.add(ofQuery("INVALID_PARAMETER", problem)));
    if (problems.isEmpty()) {
      for (Checked.Parameter parameter : checked.parameters()) {
        arguments
            .value(parameter.name())
            .flatMap(value -> probe.problem(parameter.sql(value)))
            .ifPresent(_ ->
                problems.add(
                    ofQuery(
                        "INVALID_PARAMETER",
                        "parameter '%s' is no value of %s, as which the query takes it"
                            .formatted(parameter.name(), parameter.type()))));
      }
    }
    probe
        .problem(terms.tables(), checked)
        .ifPresent(problem -> problems.add(ofQuery("INVALID_QUERY", problem)));
    return problems;
  }

  private List<Violation> problems(QueryProbe probe, PlainQuery plain, Map<String, String> set) {
    List<Violation> problems = new ArrayList<>();
    new QueryArguments(terms.parameters(), set)
        .problems(List.copyOf(plain.parameters()))
        .forEach(problem -> problems.add(ofQuery("INVALID_PARAMETER", problem)));
    if (problems.isEmpty()) {
      Map<String, String> types = new TreeMap<>();
      plain
          .parameters()
          .forEach(name -> types.put(name, terms.types().sql(name).orElse("VARCHAR")));
      probe
          .problem(terms.tables(), query, types)
          .ifPresent(problem -> problems.add(ofQuery("INVALID_QUERY", problem)));
    }
    return problems;
  }

  private List<String> names() {
    return List.copyOf(terms.tables().keySet());
  }

  private static Violation ofQuery(String rule, String message) {
    return new Violation(rule, message, "", "", "", Optional.empty());
  }

  private static String shown(Violation violation) {
    return violation.rule() + ": " + violation.message();
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
    handedOn(fields);
  }

  /** Without conditions the signatures are the permission. */
  private void reveals(Map<String, @Nullable Object> fields) {
    for (Dataset dataset : terms.datasets()) {
      fields.put("%s of %s".formatted(dataset.name(), dataset.owner()), List.of(UNCONDITIONED));
    }
    handedOn(fields);
  }

  /** What earlier steps of a chain wrote keeps to conditions already. */
  private void handedOn(Map<String, @Nullable Object> fields) {
    List<String> datasets = terms.datasets().stream().map(Dataset::name).toList();
    terms.tables().keySet().stream()
        .filter(name -> !datasets.contains(name))
        .forEach(name -> fields.put(name + " of an earlier step", List.of(UNCONDITIONED)));
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
