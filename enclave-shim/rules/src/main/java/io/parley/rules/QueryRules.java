package io.parley.rules;

import com.fasterxml.jackson.databind.JsonNode;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * All rules for one query, as they stand in the agreement. Immutable.
 *
 * @param withinRules whether the job wrote the query, so that only grants allow anything
 * @param minGroup the least number of distinct identities per group; 0: any
 * @param rounding what aggregates are rounded to a multiple of; null: nothing. Only where the job
 *     wrote the query: a fixed query's result is rounded by its columns' names when it is released
 * @param parameters the types of those that are no texts
 */
public record QueryRules(
    List<TableRules> tables,
    boolean withinRules,
    long minGroup,
    Optional<BigDecimal> rounding,
    ParameterTypes parameters) {
  public QueryRules {
    tables = List.copyOf(tables);
  }

  /** Whether there is anything to hold a query against. */
  public boolean isActive() {
    return withinRules || minGroup > 0 || tables.stream().anyMatch(TableRules::stated);
  }

  /**
   * From what the shim tells the app in {@code params.json} (deploy/docs/apps.md): the members
   * {@code queries}, {@code datasets}, {@code rules} and {@code types}.
   *
   * @param result the one result of the query
   * @throws IllegalArgumentException when a type is none
   */
  public static QueryRules fromParams(JsonNode params, String result) {
    List<TableRules> tables = new ArrayList<>();
    for (Map.Entry<String, JsonNode> dataset : params.path("datasets").properties()) {
      tables.add(table(dataset.getKey(), dataset.getValue()));
    }
    boolean within = params.path("queries").asText().equals("within_rules");
    JsonNode rules = params.path("rules").path(result);
    JsonNode all = rules.path("rounding").path("*");
    return new QueryRules(
        tables,
        within,
        rules.path("min_group").asLong(0),
        within && all.isTextual() ? Optional.of(new BigDecimal(all.asText())) : Optional.empty(),
        types(params.path("types")));
  }

  private static ParameterTypes types(JsonNode types) {
    Map<String, String> names = new HashMap<>();
    types.properties().forEach(type -> names.put(type.getKey(), type.getValue().asText()));
    return ParameterTypes.parse(names);
  }

  private static TableRules table(String name, JsonNode dataset) {
    Map<String, TableRules.ColumnRules> columns = new LinkedHashMap<>();
    for (JsonNode column : dataset.path("columns")) {
      columns.put(
          column.path("name").asText(),
          new TableRules.ColumnRules(
              DataType.parse(column.path("type").asText()),
              column.path("nullable").asBoolean(true)));
    }
    JsonNode usage = dataset.path("usage");
    Map<String, Set<String>> aggregate = new HashMap<>();
    for (Map.Entry<String, JsonNode> entry : usage.path("aggregate").properties()) {
      aggregate.put(entry.getKey(), texts(entry.getValue()));
    }
    return new TableRules(
        name,
        dataset.path("owner").asText(),
        columns,
        usage.isObject(),
        texts(usage.path("join")),
        texts(usage.path("group")),
        aggregate,
        texts(usage.path("filter")),
        texts(usage.path("list")),
        dataset.path("identity").asText());
  }

  private static Set<String> texts(JsonNode array) {
    TreeSet<String> texts = new TreeSet<>();
    array.forEach(text -> texts.add(text.asText()));
    return texts;
  }
}
