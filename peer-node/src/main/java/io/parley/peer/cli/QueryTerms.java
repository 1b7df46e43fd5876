package io.parley.peer.cli;

import io.parley.agreement.Agreement;
import io.parley.agreement.AgreementDraft;
import io.parley.agreement.Budget;
import io.parley.agreement.ComparedDatasets;
import io.parley.agreement.Dataset;
import io.parley.agreement.Parameter;
import io.parley.agreement.ParameterValues;
import io.parley.agreement.Queries;
import io.parley.agreement.ResultNotices;
import io.parley.agreement.ResultRule;
import io.parley.agreement.Rounding;
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

/**
 * What of an agreement, signed or still a file, bears on a query. Immutable.
 *
 * @param compared datasets over which answers are compared with earlier ones, with the number of
 *     identities that they must differ by
 */
record QueryTerms(
    String name,
    List<Dataset> datasets,
    List<ResultRule> results,
    Queries queries,
    List<Parameter> parameters,
    SortedMap<String, Integer> compared) {
  static QueryTerms of(Agreement agreement) {
    return new QueryTerms(
        agreement.name(),
        agreement.datasets(),
        agreement.results(),
        agreement.queries(),
        agreement.parameters(),
        ComparedDatasets.of(agreement));
  }

  static QueryTerms of(AgreementDraft draft) {
    return new QueryTerms(
        draft.name(),
        draft.datasets(),
        draft.results(),
        draft.queries(),
        draft.parameters(),
        draft.steps().isEmpty()
            ? ComparedDatasets.of(
                draft.datasets(), draft.results(), draft.queries(), draft.parameters())
            : Collections.emptySortedMap());
  }

  /**
   * The one result that the app sql writes.
   *
   * @throws RefusedException INVALID_AGREEMENT when there are others
   */
  ResultRule result() {
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
    List<String> conditions = new ArrayList<>(ResultNotices.of(datasets, result(), queries));
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
    Rounding all = result().shape().rounding().get(Rounding.ALL);
    boolean within = queries == Queries.WITHIN_RULES;
    return new QueryRules(
        datasets.stream().map(QueryTerms::table).toList(),
        within,
        result().shape().minGroup(),
        within ? Optional.ofNullable(all).map(Rounding::step) : Optional.empty(),
        types());
  }

  /** The types of parameters that have one. */
  ParameterTypes types() {
    Map<String, String> types = new HashMap<>();
    ParameterValues.types(parameters).forEach((name, type) -> types.put(name, type.sql()));
    return ParameterTypes.parse(types);
  }

  private static TableRules table(Dataset dataset) {
    Map<String, TableRules.ColumnRules> columns = new LinkedHashMap<>();
    dataset
        .columns()
        .forEach(column ->
            columns.put(
                column.name(),
                new TableRules.ColumnRules(
                    DataType.parse(column.type().sql()), column.nullable())));
    Usage usage = dataset.usage();
    Map<String, Set<String>> aggregate = new HashMap<>();
    usage.aggregate().forEach((column, functions) -> aggregate.put(column, Set.copyOf(functions)));
    return new TableRules(
        dataset.name(),
        dataset.owner(),
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
