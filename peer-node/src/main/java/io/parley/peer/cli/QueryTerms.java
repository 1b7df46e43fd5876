package io.parley.peer.cli;

import io.parley.agreement.Agreement;
import io.parley.agreement.AgreementDraft;
import io.parley.agreement.Budget;
import io.parley.agreement.Column;
import io.parley.agreement.ComparedDatasets;
import io.parley.agreement.Dataset;
import io.parley.agreement.Keep;
import io.parley.agreement.Parameter;
import io.parley.agreement.ParameterValues;
import io.parley.agreement.Queries;
import io.parley.agreement.ResultNotices;
import io.parley.agreement.ResultRule;
import io.parley.agreement.Rounding;
import io.parley.agreement.Shape;
import io.parley.agreement.StepTerms;
import io.parley.agreement.Usage;
import io.parley.rules.DataType;
import io.parley.rules.ParameterTypes;
import io.parley.rules.QueryRules;
import io.parley.rules.TableRules;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What of an agreement, signed or still a file, bears on a query. Immutable.
 *
 * @param tables what is there when it runs, with columns: datasets, and what earlier steps of a
 *     chain wrote
 * @param result what it writes
 * @param toldTo who gets that: parties, or later steps
 * @param compared datasets over which answers are compared with earlier ones, with the number of
 *     identities that they must differ by
 */
record QueryTerms(
    String name,
    List<Dataset> datasets,
    Map<String, List<Column>> tables,
    Result result,
    List<String> toldTo,
    Queries queries,
    List<Parameter> parameters,
    SortedMap<String, Integer> compared) {
  record Result(String name, Shape shape, Keep keep) {}

  static QueryTerms of(Agreement agreement) {
    return of(
        agreement.name(),
        agreement.datasets(),
        agreement.results(),
        agreement.queries(),
        agreement.parameters());
  }

  static QueryTerms of(AgreementDraft draft) {
    return of(draft.name(), draft.datasets(), draft.results(), draft.queries(), draft.parameters());
  }

  private static QueryTerms of(
      String name,
      List<Dataset> datasets,
      List<ResultRule> results,
      Queries queries,
      List<Parameter> parameters) {
    ResultRule result = only(name, results);
    Map<String, List<Column>> tables = new TreeMap<>();
    datasets.forEach(dataset -> tables.put(dataset.name(), dataset.columns()));
    return new QueryTerms(
        name,
        datasets,
        tables,
        new Result(result.name(), result.shape(), result.keep()),
        result.recipients(),
        queries,
        parameters,
        ComparedDatasets.of(datasets, results, queries, parameters));
  }

  static QueryTerms of(String name, StepTerms step) {
    StepTerms.Output output = only(name, step.outputs());
    List<String> toldTo = new ArrayList<>(output.recipients());
    output.readBy().forEach(reader -> toldTo.add("step " + reader));
    return new QueryTerms(
        name,
        step.datasets(),
        step.inputs(),
        new Result(output.name(), output.shape(), output.keep()),
        toldTo,
        Queries.FIXED,
        step.parameters(),
        Collections.emptySortedMap());
  }

  private static <T> T only(String name, List<T> results) {
    if (results.size() != 1) {
      throw new RefusedException(
          Reason.INVALID_AGREEMENT,
          "agreement '%s' names %d results; a query has one".formatted(name, results.size()));
    }
    return results.getFirst();
  }

  /** The fixed query; empty when there is none. */
  Optional<String> fixedQuery() {
    return parameters.stream()
        .filter(parameter -> parameter.name().equals(Queries.PARAMETER))
        .filter(Parameter.Fixed.class::isInstance)
        .map(parameter -> ((Parameter.Fixed) parameter).value())
        .findFirst();
  }

  /** What an answer is held to besides, or a job before it is one. */
  List<String> conditions() {
    List<String> conditions =
        new ArrayList<>(
            ResultNotices.of(datasets, result.name(), result.shape(), result.keep(), queries));
    compared.forEach((dataset, least) ->
        conditions.add(
            "An answer that differs from an earlier one by fewer than %d identities of '%s' is refused with RULE_OVERLAP."
                .formatted(least, dataset)));
    for (Dataset dataset : datasets) {
      Budget budget = dataset.budget();
      if (!budget.isUnlimited()) {
        conditions.add(
            "Every job is one query of '%s', also one that is refused; %s allows %d in any %s."
                .formatted(dataset.name(), dataset.owner(), budget.queries(), budget.perText()));
      }
    }
    return conditions;
  }

  /** As the app sql is told them. */
  QueryRules rules() {
    Rounding all = result.shape().rounding().get(Rounding.ALL);
    boolean within = queries == Queries.WITHIN_RULES;
    return new QueryRules(
        tableRules(),
        within,
        result.shape().minGroup(),
        within ? Optional.ofNullable(all).map(Rounding::step) : Optional.empty(),
        types());
  }

  /** The types of parameters that have one. */
  ParameterTypes types() {
    Map<String, String> types = new HashMap<>();
    ParameterValues.types(parameters).forEach((name, type) -> types.put(name, type.sql()));
    return ParameterTypes.parse(types);
  }

  private List<TableRules> tableRules() {
    List<TableRules> rules = new ArrayList<>();
    tables.forEach((name, columns) ->
        rules.add(
            datasets.stream()
                .filter(dataset -> dataset.name().equals(name))
                .findFirst()
                .map(dataset -> table(name, dataset.owner(), dataset.columns(), dataset.usage()))
                .orElseGet(() -> table(name, "", columns, Usage.UNSTATED))));
    return rules;
  }

  private static TableRules table(String name, String owner, List<Column> all, Usage usage) {
    Map<String, TableRules.ColumnRules> columns = new LinkedHashMap<>();
    all.forEach(column ->
        columns.put(
            column.name(),
            new TableRules.ColumnRules(DataType.parse(column.type().sql()), column.nullable())));
    Map<String, Set<String>> aggregate = new HashMap<>();
    usage.aggregate().forEach((column, functions) -> aggregate.put(column, Set.copyOf(functions)));
    return new TableRules(
        name,
        owner,
        columns,
        usage.isStated(),
        Set.copyOf(usage.join()),
        Set.copyOf(usage.group()),
        aggregate,
        Set.copyOf(usage.filter()),
        Set.copyOf(usage.list()),
        usage.identity());
  }
}
