package io.parley.apps.matching;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.parley.apps.modelling.Lalonde;
import io.parley.apps.modelling.Newton;
import io.parley.sdk.Fields;
import io.parley.sdk.testing.TestJob;
import io.parley.sdk.testing.TestJob.Outcome;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MatchingAppTest {
  @TempDir Path folder;

  @Test
  void lalondeSplitBetweenTwoPartiesGivesThePublishedEffect() throws IOException {
    Outcome outcome = lalonde().run(new MatchingApp());

    Map<String, @Nullable Object[]> rows = rows(outcome);
    assertRelative(number(rows, "counts/score_deviance", 2), 487.8439313105);
    assertRelative(number(rows, "effect/att", 2), 894.3674802703);
    assertThat(number(rows, "counts/pairs", 2)).isEqualTo(185);
    assertThat(number(rows, "counts/controls", 2)).isEqualTo(429);
    // MatchIt's summary of the same data: mean of re74 among the treated, and before matching.
    assertThat(number(rows, "before/re74", 6)).isCloseTo(2095.5737, within(1e-4));
    assertThat(number(rows, "before/re74", 7)).isCloseTo(5619.2365, within(1e-4));
    assertThat(number(rows, "before/re74", 2)).isCloseTo(-0.7211, within(1e-4));
    assertThat(Math.abs(number(rows, "after/(score)", 2)))
        .isLessThan(Math.abs(number(rows, "before/(score)", 2)));
  }

  @Test
  void theMatchedSampleGivesTheSameEffect() throws IOException {
    Outcome outcome = lalonde().results("effect", "sample").run(new MatchingApp());

    double sum = 0;
    for (Object[] row : outcome.rows("sample")) {
      double sign = ((Number) row[0]).intValue() == 1 ? 1 : -1;
      sum += sign * ((Number) row[1]).doubleValue() * ((Number) row[row.length - 1]).intValue();
    }
    assertRelative(sum / 185, 894.3674802703);
    assertThat(outcome.rows("sample")).hasSize(370);
  }

  @Test
  void aCaliperAndExactColumnsHoldWithinEveryPair() throws IOException {
    double all = number(rows(lalonde().run(new MatchingApp())), "counts/pairs", 2);
    Map<String, @Nullable Object[]> narrow =
        rows(again().parameter("caliper", "0.1").parameter("exact", "race").run(new MatchingApp()));

    assertThat(number(narrow, "counts/pairs", 2)).isLessThan(all);
    assertThat(number(narrow, "counts/unmatched_treated", 2))
        .isEqualTo(185 - number(narrow, "counts/pairs", 2));
    // Equal within each pair, so equal on average.
    assertThat(number(narrow, "after/race=white", 6))
        .isEqualTo(number(narrow, "after/race=white", 7));
  }

  /** Against the definition, written down once more: every treated unit looks at every control. */
  @ParameterizedTest
  @CsvSource({
    "1,false,largest",
    "2,false,smallest",
    "3,false,data",
    "4,true,data",
    "5,true,largest"
  })
  void pairsAreThoseOfTheDefinition(long seed, boolean replace, String order) throws IOException {
    Random random = new Random(seed);
    List<@Nullable Object[]> data = new ArrayList<>();
    for (int i = 0; i < 300; i++) {
      // Few distinct values, so that there are ties.
      int x = random.nextInt(6);
      boolean treated = random.nextDouble() < 0.1 + 0.05 * x;
      data.add(new Object[] {treated, (double) x, random.nextGaussian() + x});
    }
    Map<String, @Nullable Object[]> rows =
        rows(
            job(data)
                .parameter("replace", Boolean.toString(replace))
                .parameter("order", order)
                .run(new MatchingApp()));

    Definition expected = Definition.of(data, replace, order, Double.POSITIVE_INFINITY);
    assertThat(number(rows, "effect/att", 2)).isCloseTo(expected.att(), within(1e-12));
  }

  /** A caliper and nothing else, so narrow that some find none. */
  @ParameterizedTest
  @CsvSource({
    "1,false,largest,0.02",
    "2,false,smallest,0.002",
    "3,false,data,0.02",
    "4,true,data,0.002",
    "5,true,largest,0.02"
  })
  void aCaliperKeepsTheFarAwayApart(long seed, boolean replace, String order, double caliper)
      throws IOException {
    Random random = new Random(seed);
    List<@Nullable Object[]> data = new ArrayList<>();
    for (int i = 0; i < 300; i++) {
      double x = random.nextGaussian();
      boolean treated = random.nextDouble() < 1 / (1 + Math.exp(1 - 2 * x));
      data.add(new Object[] {treated, x, random.nextGaussian() + x});
    }
    Map<String, @Nullable Object[]> rows =
        rows(
            job(data)
                .parameter("replace", Boolean.toString(replace))
                .parameter("order", order)
                .parameter("caliper", Double.toString(caliper))
                .run(new MatchingApp()));

    Definition expected = Definition.of(data, replace, order, caliper);
    Definition all = Definition.of(data, replace, order, Double.POSITIVE_INFINITY);
    assertThat(expected.pairs()).isBetween(1, all.pairs() - 10);
    assertThat(number(rows, "counts/pairs", 2)).isEqualTo(expected.pairs());
    assertThat(number(rows, "effect/att", 2)).isCloseTo(expected.att(), within(1e-12));
    assertThat(number(rows, "counts/unmatched_treated", 2))
        .isEqualTo(number(rows, "counts/treated", 2) - expected.pairs());
  }

  /** What the matching should come to. */
  private record Definition(double att, int pairs) {
    static Definition of(
        List<@Nullable Object[]> data, boolean replace, String order, double caliper) {
      double[] score = scores(data);
      double widest = caliper * deviation(score);
      List<Integer> treated = new ArrayList<>();
      for (int i = 0; i < data.size(); i++) {
        if ((Boolean) data.get(i)[0]) {
          treated.add(i);
        }
      }
      if (!order.equals("data")) {
        int sign = order.equals("largest") ? -1 : 1;
        treated.sort((a, b) -> sign * Double.compare(score[a], score[b]));
      }
      boolean[] used = new boolean[data.size()];
      double sum = 0;
      int pairs = 0;
      for (int unit : treated) {
        int best = -1;
        for (int c = 0; c < data.size(); c++) {
          double distance = Math.abs(score[c] - score[unit]);
          if (!(Boolean) data.get(c)[0]
              && !used[c]
              && distance <= widest
              && (best < 0 || distance < Math.abs(score[best] - score[unit]))) {
            best = c;
          }
        }
        if (best >= 0) {
          used[best] = !replace;
          sum += (Double) data.get(unit)[2] - (Double) data.get(best)[2];
          pairs++;
        }
      }
      return new Definition(sum / pairs, pairs);
    }

    private static double[] scores(List<@Nullable Object[]> data) {
      List<double[]> x = new ArrayList<>();
      List<Boolean> treated = new ArrayList<>();
      for (Object[] row : data) {
        treated.add((Boolean) row[0]);
        x.add(new double[] {(Double) row[1]});
      }
      return Newton.fit(x, treated).probabilities(x);
    }

    private static double deviation(double[] values) {
      double mean = Arrays.stream(values).average().orElseThrow();
      double squares = Arrays.stream(values).map(value -> Math.pow(value - mean, 2)).sum();
      return Math.sqrt(squares / (values.length - 1));
    }
  }

  /** By hand, from the formula in deploy/docs/apps.md. */
  @Test
  void withoutReplacementTheErrorIsThePairedOne() throws IOException {
    List<@Nullable Object[]> data = new ArrayList<>();
    addUnits(data, true, new double[] {0.1, 1.1, 5.1, 6.1}, new double[] {3, 6, 9, 15});
    addUnits(data, false, new double[] {0, 1, 5, 6}, new double[] {1, 4, 10, 2});
    Map<String, @Nullable Object[]> rows =
        rows(job(data).parameter("order", "data").run(new MatchingApp()));

    // The differences are 2, 2, -1 and 13, so 4, and from it 2, 2, 5 and 9.
    double variance = (4 + 4 + 25 + 81) / (4.0 * 3.0);
    assertThat(number(rows, "effect/att", 2)).isCloseTo(4, within(1e-12));
    assertThat(number(rows, "effect/att", 3)).isCloseTo(Math.sqrt(variance), within(1e-9));
    assertThat(number(rows, "effect/att", 4)).isCloseTo(4 / Math.sqrt(variance), within(1e-9));
  }

  /** By hand, from the formula in deploy/docs/apps.md. */
  @Test
  void controlsThatAreUsedAgainWidenTheError() throws IOException {
    List<@Nullable Object[]> data = new ArrayList<>();
    addUnits(
        data,
        true,
        new double[] {0.1, 0.2, 1.1, 5.1, 5.15, 5.2},
        new double[] {3, 5, 6, 9, 11, 15});
    addUnits(data, false, new double[] {0, 1, 5, 6}, new double[] {1, 4, 10, 2});
    Map<String, @Nullable Object[]> rows =
        rows(job(data).parameter("replace", "true").run(new MatchingApp()));

    // The differences are 2, 4, 2, -1, 1 and 5; their squares sum to 51.
    double mean = 13 / 6.0;
    double paired = (51 - 6 * mean * mean) / (6.0 * 5.0);
    // The control at 0 is used twice, next to it is that at 1; that at 5 three times, next is 6.
    double reuse = (2 * 1 * (3 * 3 / 2.0) + 3 * 2 * (8 * 8 / 2.0)) / (6.0 * 6.0);
    assertThat(number(rows, "effect/att", 2)).isCloseTo(mean, within(1e-12));
    assertThat(number(rows, "effect/att", 3)).isCloseTo(Math.sqrt(paired + reuse), within(1e-9));
    assertThat(number(rows, "counts/matched_controls", 2)).isEqualTo(3);
  }

  private static void addUnits(
      List<@Nullable Object[]> data, boolean treated, double[] x, double[] y) {
    for (int i = 0; i < x.length; i++) {
      data.add(new Object[] {treated, x[i], y[i]});
    }
  }

  @ParameterizedTest
  @CsvSource({
    "caliper,-1,INVALID_PARAMETER",
    "caliper,wide,INVALID_PARAMETER",
    "replace,maybe,INVALID_PARAMETER",
    "order,random,INVALID_PARAMETER",
    "ratio,2,INVALID_PARAMETER",
    "covariates,'age,treat',INVALID_PARAMETER",
    "outcome,treat,INVALID_PARAMETER",
    "treatment,age,INVALID_PARAMETER",
    "covariates,'age,re78',INVALID_PARAMETER",
    "exact,nowhere,INVALID_PARAMETER"
  })
  void refusesWhatItCannotMatch(String parameter, String value, String reason) throws IOException {
    Outcome outcome = lalonde().parameter(parameter, value).run(new MatchingApp());

    assertThat(outcome.exitCode()).isNotZero();
    assertThat(outcome.error().path("reason").asText()).isEqualTo(reason);
  }

  /** Of rows of treatment, covariate and outcome. */
  private TestJob job(List<@Nullable Object[]> data) throws IOException {
    return TestJob.in(folder.resolve("small"))
        .dataset("d", Fields.schema(Fields.bool("t"), Fields.float8("x"), Fields.float8("y")), data)
        .parameter("treatment", "t")
        .parameter("outcome", "y")
        .parameter("covariates", "x");
  }

  private TestJob lalonde() throws IOException {
    return parameters(Lalonde.addTo(TestJob.in(folder.resolve("a"))));
  }

  private TestJob again() throws IOException {
    return parameters(Lalonde.addTo(TestJob.in(folder.resolve("b"))));
  }

  private static TestJob parameters(TestJob job) {
    return job.parameter("treatment", "treat")
        .parameter("outcome", "re78")
        .parameter("covariates", Lalonde.COVARIATES)
        .parameter("on", "id");
  }

  private static Map<String, @Nullable Object[]> rows(Outcome outcome) throws IOException {
    String result =
        outcome.folder().resolve("result.arrow").toFile().exists() ? "result" : "effect";
    Map<String, @Nullable Object[]> rows = new HashMap<>();
    for (Object[] row : outcome.rows(result)) {
      rows.put(row[0] + "/" + row[1], row);
    }
    return rows;
  }

  private static double number(Map<String, @Nullable Object[]> rows, String key, int column) {
    @Nullable Object @Nullable [] row = rows.get(key);
    if (row == null || !(row[column] instanceof Number number)) {
      throw new AssertionError("no number for " + key);
    }
    return number.doubleValue();
  }

  private static void assertRelative(double seen, double expected) {
    assertThat(seen).isCloseTo(expected, within(Math.abs(expected) * 1e-9));
  }
}
