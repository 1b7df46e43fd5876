package io.parley.apps.regression;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.parley.apps.modelling.Lalonde;
import io.parley.sdk.Fields;
import io.parley.sdk.testing.TestJob;
import io.parley.sdk.testing.TestJob.Outcome;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LogisticTest {
  @TempDir Path folder;

  @Test
  void lalondeSplitBetweenTwoPartiesGivesThePublishedDeviance() throws IOException {
    Outcome outcome =
        Lalonde.addTo(TestJob.in(folder))
            .parameter("family", "logistic")
            .parameter("target", "treat")
            .parameter("features", Lalonde.COVARIATES)
            .parameter("on", "id")
            .run(new RegressionApp());

    Map<String, @Nullable Object[]> rows = byTerm(outcome);
    assertThat(number(rows, "deviance", 2)).isCloseTo(487.8439313105, within(1e-8));
    // R's glm on the same data.
    assertThat(number(rows, "null_deviance", 2)).isCloseTo(751.49, within(5e-3));
    assertThat(number(rows, "rows", 2)).isEqualTo(614);
    assertThat(outcome.schema("result").getFields().get(4).getName()).isEqualTo("z_value");
  }

  @Test
  void lalondeByLeastSquaresGivesThePublishedCoefficient() throws IOException {
    Outcome outcome =
        Lalonde.addTo(TestJob.in(folder))
            .parameter("target", "re78")
            .parameter("features", "treat," + Lalonde.COVARIATES)
            .parameter("on", "id")
            .run(new RegressionApp());

    assertThat(number(byTerm(outcome), "treat", 2)).isCloseTo(1548.2438019990, within(1548 * 1e-9));
    Outcome naive =
        Lalonde.addTo(TestJob.in(folder.resolve("naive")))
            .parameter("target", "re78")
            .parameter("features", "treat")
            .parameter("on", "id")
            .run(new RegressionApp());
    assertThat(number(byTerm(naive), "treat", 2)).isCloseTo(-635.0262120374, within(635 * 1e-9));
  }

  /** Of a two by two table estimate and error are known in closed form. */
  @Test
  void oneBinaryTermIsTheLogOfTheOddsRatio() throws IOException {
    int[][] counts = {{30, 10}, {12, 28}};
    List<@Nullable Object[]> data = new ArrayList<>();
    for (int x = 0; x < 2; x++) {
      for (int y = 0; y < 2; y++) {
        for (int i = 0; i < counts[x][y]; i++) {
          data.add(new Object[] {y == 1, x == 1});
        }
      }
    }
    Map<String, @Nullable Object[]> rows = byTerm(fit(data).run(new RegressionApp()));

    assertThat(number(rows, "x", 2)).isCloseTo(Math.log(30.0 * 28 / (12.0 * 10)), within(1e-10));
    assertThat(number(rows, "x", 3))
        .isCloseTo(Math.sqrt(1 / 30.0 + 1 / 10.0 + 1 / 12.0 + 1 / 28.0), within(1e-8));
    assertThat(number(rows, "(intercept)", 2)).isCloseTo(Math.log(10 / 30.0), within(1e-10));
  }

  @Test
  void separationIsSaidAndNotFitted() throws IOException {
    List<@Nullable Object[]> apart = new ArrayList<>();
    List<@Nullable Object[]> almost = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      apart.add(new Object[] {i >= 20, i >= 20});
      // x = true is always 1, x = false is sometimes 1: parted on one side only.
      almost.add(new Object[] {i % 3 == 0 || i >= 20, i >= 20});
    }
    assertThat(fit(apart).run(new RegressionApp()).error().path("reason").asText())
        .isEqualTo("SEPARATION");
    assertThat(fit(almost).run(new RegressionApp()).error().path("reason").asText())
        .isEqualTo("SEPARATION");
  }

  @Test
  void aTargetOfOneKindOrOfOtherNumbersIsRefused() throws IOException {
    List<@Nullable Object[]> ones = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      ones.add(new Object[] {true, i % 2 == 0});
    }
    assertThat(fit(ones).run(new RegressionApp()).error().path("reason").asText())
        .isEqualTo("SEPARATION");
    Outcome outcome =
        Lalonde.addTo(TestJob.in(folder.resolve("age")))
            .parameter("family", "logistic")
            .parameter("target", "age")
            .parameter("features", "educ")
            .parameter("on", "id")
            .run(new RegressionApp());
    assertThat(outcome.error().path("reason").asText()).isEqualTo("WRONG_TYPE");
  }

  private int runs;

  private TestJob fit(List<@Nullable Object[]> data) throws IOException {
    return TestJob.in(folder.resolve("fit" + runs++))
        .dataset("d", Fields.schema(Fields.bool("y"), Fields.bool("x")), data)
        .parameter("family", "logistic")
        .parameter("target", "y")
        .parameter("features", "x");
  }

  private static Map<String, @Nullable Object[]> byTerm(Outcome outcome) throws IOException {
    assertThat(outcome.exitCode()).isZero();
    Map<String, @Nullable Object[]> rows = new HashMap<>();
    for (Object[] row : outcome.rows("result")) {
      rows.put((String) row[1], row);
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
}
