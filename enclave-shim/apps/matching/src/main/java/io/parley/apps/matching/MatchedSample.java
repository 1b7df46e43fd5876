package io.parley.apps.matching;

import io.parley.apps.modelling.Design;
import io.parley.sdk.Fields;
import io.parley.sdk.ResultWriter;
import io.parley.sdk.TableResult;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.arrow.vector.types.pojo.Field;
import org.jspecify.annotations.Nullable;

/**
 * The matched units as a table, each once, in the order of the rows: treatment (1 or 0), outcome,
 * one column for each term of the score but the intercept, {@code weight} (how many pairs the unit
 * is in). Whole rows of people: for a step that follows in the enclave rather than for release.
 */
final class MatchedSample {
  private MatchedSample() {}

  static void write(Sample sample, List<Pair> pairs, Plan plan, ResultWriter result)
      throws IOException {
    Map<Integer, Integer> weights = new TreeMap<>();
    for (Pair pair : pairs) {
      weights.merge(pair.treated(), 1, Integer::sum);
      weights.merge(pair.control(), 1, Integer::sum);
    }
    List<Integer> terms = new ArrayList<>();
    List<Field> fields =
        new ArrayList<>(
            List.of(Fields.integer(plan.treatment().term()), Fields.float8(plan.outcome().term())));
    for (int j = 0; j < sample.terms().size(); j++) {
      if (!sample.terms().get(j).name().equals(Design.INTERCEPT)) {
        terms.add(j);
        fields.add(Fields.float8(sample.terms().get(j).name()));
      }
    }
    fields.add(Fields.integer("weight"));
    try (TableResult table = result.table(Fields.schema(fields.toArray(Field[]::new)))) {
      for (Map.Entry<Integer, Integer> unit : weights.entrySet()) {
        table.add(row(sample, unit.getKey(), unit.getValue(), terms));
      }
    }
  }

  private static @Nullable Object[] row(Sample sample, int unit, int weight, List<Integer> terms) {
    List<Object> row = new ArrayList<>(List.of(sample.treated(unit) ? 1 : 0, sample.outcome(unit)));
    terms.forEach(term -> row.add(sample.covariate(unit, term)));
    row.add(weight);
    return row.toArray();
  }
}
