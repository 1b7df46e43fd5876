package io.parley.shim.compute;

import io.parley.agreement.Column;
import io.parley.agreement.ColumnType;
import io.parley.agreement.Dataset;
import io.parley.agreement.Queries;
import io.parley.agreement.ResultRule;
import io.parley.agreement.Shape;
import io.parley.shim.json.JsonText;
import java.util.List;
import java.util.SortedMap;
import org.jspecify.annotations.Nullable;

/**
 * What an app is told besides its rows: the content of {@code /in/params.json}.
 *
 * @param parameters the agreement's fixed values and the job's free ones
 * @param types of those of them that are no texts
 * @param tables the files in /in, with the conditions of those that are datasets
 * @param results what to write, in the agreement's order
 * @param queries who writes a query
 * @param identities datasets of which the app must tell whose rows are in its groups, sorted
 * @param memoryBytes that it may use in all
 * @param threads processors that it should use
 */
public record AppInput(
    SortedMap<String, String> parameters,
    SortedMap<String, ColumnType> types,
    List<Table> tables,
    List<Wanted> results,
    Queries queries,
    List<String> identities,
    long memoryBytes,
    int threads) {
  /**
   * A file in /in.
   *
   * @param dataset null: what an earlier step of a chain wrote, or nothing is said of it
   * @param columns of what an earlier step wrote; empty: nothing is said of them
   */
  public record Table(String name, @Nullable Dataset dataset, List<Column> columns) {
    public Table {
      columns = List.copyOf(columns);
    }

    /** Of which nothing is said. */
    public Table(String name, @Nullable Dataset dataset) {
      this(name, dataset, List.of());
    }

    public static Table of(Dataset dataset) {
      return new Table(dataset.name(), dataset);
    }
  }

  /** A result to write. */
  public record Wanted(String name, Shape shape) {
    public static Wanted of(ResultRule rule) {
      return new Wanted(rule.name(), rule.shape());
    }
  }

  public AppInput {
    tables = List.copyOf(tables);
    results = List.copyOf(results);
    identities = List.copyOf(identities);
  }

  String json() {
    JsonText json = new JsonText();
    json.beginObject();
    json.name("parameters").beginObject();
    parameters.forEach((name, value) -> json.name(name).text(value));
    json.endObject();
    if (!types.isEmpty()) {
      json.name("types").beginObject();
      types.forEach((name, type) -> json.name(name).text(type.sql()));
      json.endObject();
    }
    json.name("datasets").beginObject();
    tables.forEach(table -> Conditions.table(json.name(table.name()), table));
    json.endObject();
    json.name("results").beginArray();
    results.forEach(result -> json.text(result.name()));
    json.endArray();
    json.name("queries").text(queries.text());
    json.name("rules").beginObject();
    results.forEach(result -> Conditions.result(json.name(result.name()), result.shape()));
    json.endObject();
    if (!identities.isEmpty()) {
      json.name("identities").beginArray();
      identities.forEach(json::text);
      json.endArray();
    }
    json.name("memory_bytes").number(memoryBytes);
    json.name("threads").number(threads);
    return json.endObject().toString();
  }
}
