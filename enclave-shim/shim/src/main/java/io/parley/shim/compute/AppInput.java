package io.parley.shim.compute;

import io.parley.shim.json.JsonText;
import java.util.List;
import java.util.SortedMap;

/**
 * What an app is told besides its rows: the content of {@code /in/params.json}.
 *
 * @param parameters the agreement's fixed values and the job's free ones
 * @param datasets names of the files in /in
 * @param results names to write, in the agreement's order
 * @param memoryBytes that it may use in all
 * @param threads processors that it should use
 */
public record AppInput(
    SortedMap<String, String> parameters,
    List<String> datasets,
    List<String> results,
    long memoryBytes,
    int threads) {
  public AppInput {
    datasets = List.copyOf(datasets);
    results = List.copyOf(results);
  }

  String json() {
    JsonText json = new JsonText();
    json.beginObject();
    json.name("parameters").beginObject();
    parameters.forEach((name, value) -> json.name(name).text(value));
    json.endObject();
    json.name("datasets").beginObject();
    datasets.forEach(name -> json.name(name).beginObject().endObject());
    json.endObject();
    json.name("results").beginArray();
    results.forEach(json::text);
    json.endArray();
    json.name("memory_bytes").number(memoryBytes);
    json.name("threads").number(threads);
    return json.endObject().toString();
  }
}
