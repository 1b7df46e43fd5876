package io.parley.apps.sql;

import com.fasterxml.jackson.databind.JsonNode;
import io.parley.rules.QueryRules;
import io.parley.sdk.App;
import io.parley.sdk.AppException;
import io.parley.sdk.AppMain;
import io.parley.sdk.Dataset;
import io.parley.sdk.JobContext;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Runs the parameter {@code query} over tables named like the datasets, and writes the agreement's
 * one result as an Arrow table. Every other parameter is bound to {@code $name} in the query.
 *
 * <p>Where the agreement has conditions, the query is held against them first, and what runs is
 * written from what was understood ({@link RuledQuery}).
 *
 * <p>The order matters: the query is parsed, checked and bound against empty tables first, so
 * whatever DuckDB says about it then cannot hold a value, and is told in full. Only then the rows
 * come in. Whose they are is written before the query runs, for it may fail on them, and that it
 * does is an answer too.
 */
public final class SqlApp implements App {
  private static final String QUERY = "query";

  /** The process of the enclave. */
  public static void main(String[] args) {
    AppMain.run(args, new SqlApp());
  }

  @Override
  public void run(JobContext job) throws Exception {
    String result = onlyResult(job.results());
    String text = job.parameter(QUERY);
    Map<String, String> parameters = new TreeMap<>(job.parameters());
    parameters.remove(QUERY);
    int steps = job.datasets().size() + 2;
    try (Engine engine = Engine.open(MemoryBudget.of(job), job.threads())) {
      engine.createTables(job.datasets());
      List<String> names = job.datasets().stream().map(Dataset::name).toList();
      QueryRules rules = QueryRules.fromParams(job.params(), result);
      JsonNode tree = engine.parseTree(text);
      Query query =
          rules.isActive()
              ? RuledQuery.check(engine, tree, rules, parameters)
              : QueryCheck.check(text, tree, names, parameters, rules.parameters());
      engine.bind(query, job.datasets());
      int step = 0;
      for (Dataset dataset : job.datasets()) {
        job.progress(step++, steps, "reading " + dataset.name());
        engine.load(dataset, job.allocator());
      }
      engine.lock();
      job.progress(step++, steps, "running the query");
      if (!job.identities().isEmpty()) {
        Identities.write(engine, query, job.identities(), job.out());
      }
      engine.run(query, job.result(result), job.allocator());
      job.progress(steps, steps, "done");
    }
  }

  private static String onlyResult(List<String> results) {
    if (results.size() != 1) {
      throw new AppException(
          "INVALID_RESULT",
          "the app sql writes one result; the agreement names %s".formatted(results),
          Map.of("results", results.toString()));
    }
    return results.getFirst();
  }
}
