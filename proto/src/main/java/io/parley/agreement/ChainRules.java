package io.parley.agreement;

import io.parley.wire.Problems;
import io.parley.wire.Suggestions;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * What a whole chain must keep to: every name stands for something, every edge is allowed and fits,
 * nothing waits for itself, nothing is written, released or allowed for nothing. Each rule adds to
 * the problems, so that they are all told at once.
 */
final class ChainRules {
  /** A step without its app, which may still be a name only. */
  record Step(String name, StepFlow flow) {}

  /** The agreement around the chain, as far as it could be read. */
  record Around(List<Dataset> datasets, List<ResultRule> rules, List<Parameter> values) {
    List<String> results() {
      return rules.stream().map(ResultRule::name).toList();
    }

    List<String> parameters() {
      return values.stream().map(Parameter::name).toList();
    }
  }

  private final Problems problems;
  private final Rules rules;
  private final List<Step> steps;
  private final Map<String, ChainGrant> grants = new HashMap<>();
  private final Around around;
  private final Map<String, Dataset> datasets = new LinkedHashMap<>();

  /** Who writes what: the index of the step. */
  private final Map<String, Integer> producers = new LinkedHashMap<>();

  private final Map<String, ChainOutput> outputs = new LinkedHashMap<>();

  private ChainRules(Problems problems, List<Step> steps, List<ChainGrant> grants, Around around) {
    this.problems = problems;
    this.rules = new Rules(problems);
    this.steps = steps;
    this.around = around;
    around.datasets().forEach(dataset -> datasets.put(dataset.name(), dataset));
    grants.forEach(grant -> this.grants.put(grant.dataset(), grant));
  }

  /** A whole chain's. */
  static List<Step> steps(Chain chain) {
    return chain.steps().stream().map(step -> new Step(step.name(), step.flow())).toList();
  }

  static void check(Problems problems, List<Step> steps, List<ChainGrant> grants, Around around) {
    Rules rules = new Rules(problems);
    rules.size("chain", steps.size(), 1, Limits.MAX_STEPS);
    rules.unique("chain", steps.stream().map(Step::name).toList());
    rules.unique("datasets", grants.stream().map(ChainGrant::dataset).toList());
    ChainRules chain = new ChainRules(problems, steps, grants, around);
    chain.producers();
    chain.order();
    for (Step step : steps) {
      step.flow().inputs().forEach(input -> chain.edge(step, input));
      step.flow().outputs().forEach(output -> chain.output(step, output));
      step.flow().parameters().forEach(parameter -> chain.parameter(step, parameter));
    }
    chain.grants();
    chain.uses();
    chain.conditions();
    rules.size(
        "verification gates",
        Gates.ofSteps(around.datasets(), steps).size(),
        0,
        Limits.MAX_STEP_GATES);
  }

  private static String path(Step step, String part) {
    return "chain." + step.name() + "." + part;
  }

  private List<String> stepNames() {
    return steps.stream().map(Step::name).toList();
  }

  private void producers() {
    for (int i = 0; i < steps.size(); i++) {
      Step step = steps.get(i);
      for (ChainOutput output : step.flow().outputs()) {
        String at = path(step, "writes." + output.name());
        @Nullable Integer other = producers.putIfAbsent(output.name(), i);
        outputs.putIfAbsent(output.name(), output);
        problems.check(
            other == null,
            at,
            "'%s' is written by step '%s' already; one name has one producer"
                .formatted(output.name(), other == null ? "" : steps.get(other).name()));
        problems.check(
            !datasets.containsKey(output.name()),
            at,
            "'%s' is the name of a dataset; name what the step writes otherwise"
                .formatted(output.name()));
      }
    }
  }

  /** A step runs after all those that write what it reads. */
  private void order() {
    Set<Integer> inCycles = new HashSet<>();
    for (int i = 0; i < steps.size(); i++) {
      for (ChainInput input : steps.get(i).flow().inputs()) {
        @Nullable Integer producer = producers.get(input.name());
        if (producer == null || producer < i || datasets.containsKey(input.name())) {
          continue;
        }
        String at = path(steps.get(i), "reads." + input.name());
        List<Integer> back = way(producer, i, new HashSet<>());
        if (back.isEmpty()) {
          problems.add(
              at,
              "step '%s' reads '%s', which step '%s' writes later; put '%s' before '%s'"
                  .formatted(
                      steps.get(i).name(),
                      input.name(),
                      steps.get(producer).name(),
                      steps.get(producer).name(),
                      steps.get(i).name()));
        } else if (inCycles.addAll(back)) {
          problems.add(at, cycle(i, back));
        }
      }
    }
  }

  private String cycle(int from, List<Integer> back) {
    if (back.size() == 1) {
      return "step '%s' reads what it writes itself".formatted(steps.get(from).name());
    }
    List<String> names = new ArrayList<>();
    names.add(steps.get(from).name());
    back.forEach(step -> names.add(steps.get(step).name()));
    return "the steps wait for each other: %s; one of them must do without"
        .formatted(String.join(" <- ", names));
  }

  /** Steps from {@code from} to {@code to} by what they read; empty: there is no way. */
  private List<Integer> way(int from, int to, Set<Integer> seen) {
    if (from == to) {
      return List.of(from);
    }
    if (!seen.add(from)) {
      return List.of();
    }
    for (ChainInput input : steps.get(from).flow().inputs()) {
      @Nullable Integer producer = producers.get(input.name());
      List<Integer> rest = producer == null ? List.of() : way(producer, to, seen);
      if (!rest.isEmpty()) {
        List<Integer> whole = new ArrayList<>(List.of(from));
        whole.addAll(rest);
        return whole;
      }
    }
    return List.of();
  }

  private void edge(Step step, ChainInput input) {
    String at = path(step, "reads." + input.name());
    @Nullable Dataset dataset = datasets.get(input.name());
    @Nullable ChainOutput output = outputs.get(input.name());
    if (dataset != null) {
      @Nullable ChainGrant grant = grants.get(input.name());
      List<String> allowed = grant == null ? List.of() : grant.steps();
      problems.check(
          allowed.contains(step.name()),
          at,
          "step '%s' may not read dataset '%s' of '%s'; if '%s' agrees, add it to datasets.%s.read_by"
              .formatted(
                  step.name(), dataset.name(), dataset.owner(), dataset.owner(), dataset.name()));
      fits(at, input, dataset.releasedColumns(), dataset.usage().isStated());
      named(at, input, dataset);
    } else if (output != null) {
      String producer = steps.get(producers.getOrDefault(input.name(), 0)).name();
      problems.check(
          output.readBy().contains(step.name()),
          at,
          "step '%s' may not read '%s' of step '%s'; add it to chain.%s.writes.%s.read_by"
              .formatted(step.name(), input.name(), producer, producer, input.name()));
      fits(at, input, output.columns(), false);
    } else {
      Set<String> known = new TreeSet<>(datasets.keySet());
      known.addAll(outputs.keySet());
      problems.add(
          at,
          "'%s' is neither a dataset nor written by a step%s"
              .formatted(
                  Suggestions.shown(input.name()), Suggestions.forName(input.name(), known)));
    }
  }

  /**
   * @param usage whether only columns are given that the owner's usage names
   */
  private void fits(String at, ChainInput input, List<Column> given, boolean usage) {
    Map<String, Column> byName = new LinkedHashMap<>();
    given.forEach(column -> byName.put(column.name(), column));
    for (Column wanted : input.columns()) {
      String where = at + "." + wanted.name();
      @Nullable Column column = byName.get(wanted.name());
      if (column == null) {
        problems.add(
            where,
            "'%s' has no column '%s'%s%s"
                .formatted(
                    input.name(),
                    wanted.name(),
                    usage ? " that its owner's usage names" : "",
                    byName.isEmpty() ? "" : Suggestions.forName(wanted.name(), byName.keySet())));
        continue;
      }
      problems.check(
          column.type().equals(wanted.type()),
          where,
          "is %s in '%s'; the step needs %s"
              .formatted(column.type().sql(), input.name(), wanted.type().sql()));
      problems.check(
          wanted.nullable() || !column.nullable(),
          where,
          "may be null in '%s'; the step needs it NOT NULL".formatted(input.name()));
    }
  }

  /** A column that the owner does not name under usage does not get to a step. */
  private void named(String at, ChainInput input, Dataset dataset) {
    boolean counts = dataset.usage().hasIdentity() && StepConditions.minGroup(around.rules()) > 0;
    problems.check(
        !counts
            || input.columns().isEmpty()
            || input.columns().stream()
                .anyMatch(column -> column.name().equals(dataset.usage().identity())),
        at,
        "must have '%s' too, the identity of '%s': min_group counts it"
            .formatted(dataset.usage().identity(), dataset.name()));
  }

  /** What jobs set would make one answer after the other of a step that must keep to conditions. */
  private void conditions() {
    StepConditions conditions = new StepConditions(around.datasets(), around.rules());
    for (Step step : steps) {
      if (!conditions.bind(step.flow())) {
        continue;
      }
      for (ChainParameter parameter : step.flow().parameters()) {
        problems.check(
            !(parameter instanceof ChainParameter.From from) || !isFree(from.parameter()),
            path(step, "params." + parameter.name()),
            "is set by jobs, and the step reads a dataset with conditions: in a chain what one job is told is not compared with another's; give it a value");
      }
    }
  }

  private boolean isFree(String parameter) {
    return around.values().stream()
        .anyMatch(value -> value instanceof Parameter.Free && value.name().equals(parameter));
  }

  private void output(Step step, ChainOutput output) {
    String at = path(step, "writes." + output.name());
    boolean leaves = around.results().contains(output.name());
    rules.known(at + ".read_by", "step of this chain", output.readBy(), stepNames());
    for (String reader : output.readBy()) {
      problems.check(
          !stepNames().contains(reader) || reads(reader, output.name()),
          at + ".read_by",
          "step '%s' may read '%s' and does not; leave it out, or let it read"
              .formatted(reader, output.name()));
    }
    boolean read = steps.stream().anyMatch(other -> other.flow().reads(output.name()));
    problems.check(
        leaves || read,
        at,
        "'%s' is no result of the agreement, and no step reads it%s"
            .formatted(output.name(), Suggestions.hint(output.name(), around.results())));
    problems.check(
        !output.columns().isEmpty() || !read,
        at,
        "a step reads '%s', so its columns must stand here".formatted(output.name()));
  }

  private boolean reads(String step, String name) {
    return steps.stream().anyMatch(s -> s.name().equals(step) && s.flow().reads(name));
  }

  private void parameter(Step step, ChainParameter parameter) {
    if (parameter instanceof ChainParameter.From from) {
      String known =
          around.parameters().isEmpty()
              ? "; it has none"
              : Suggestions.forName(from.parameter(), around.parameters());
      problems.check(
          around.parameters().contains(from.parameter()),
          path(step, "params." + from.name()),
          "'%s' is no parameter of the agreement%s"
              .formatted(Suggestions.shown(from.parameter()), known));
    }
  }

  private void grants() {
    for (ChainGrant grant : grants.values()) {
      String at = "datasets." + grant.dataset() + ".read_by";
      rules.known(at, "step of this chain", grant.steps(), stepNames());
      problems.check(
          datasets.containsKey(grant.dataset()),
          at,
          "'%s' is no dataset of the agreement".formatted(Suggestions.shown(grant.dataset())));
      for (String step : grant.steps()) {
        problems.check(
            !stepNames().contains(step) || reads(step, grant.dataset()),
            at,
            "step '%s' may read '%s' and does not; leave it out, or let it read"
                .formatted(step, grant.dataset()));
      }
    }
  }

  /** Nothing is released, agreed or asked for without a step that needs it. */
  private void uses() {
    for (String dataset : datasets.keySet()) {
      problems.check(
          steps.stream().anyMatch(step -> step.flow().reads(dataset)),
          "datasets." + dataset,
          "no step reads it, so it would be released for nothing");
    }
    for (String result : around.results()) {
      problems.check(
          producers.containsKey(result),
          "results." + result,
          "no step writes it%s".formatted(Suggestions.hint(result, producers.keySet())));
    }
    for (String parameter : around.parameters()) {
      problems.check(
          steps.stream()
              .flatMap(step -> step.flow().parameters().stream())
              .anyMatch(
                  p -> p instanceof ChainParameter.From from && from.parameter().equals(parameter)),
          "params." + parameter,
          "no step takes it; write {from: %s} where one should".formatted(parameter));
    }
  }
}
