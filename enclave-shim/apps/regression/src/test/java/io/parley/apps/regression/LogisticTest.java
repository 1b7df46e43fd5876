package io.parley.apps.regression;

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
import org.apache.arrow.vector.types.pojo.Field;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

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

  /** The last row is as certain as can be, and yet a finite estimate exists. */
  @ParameterizedTest
  @ValueSource(doubles = {40, -40, 1e6, 1e9})
  void aRowFarOutIsNoSeparation(double outlier) throws IOException {
    List<double[]> x = new ArrayList<>();
    List<Boolean> y = new ArrayList<>();
    draw(x, y, 400, 0.2, 1);
    x.add(new double[] {outlier});
    y.add(outlier > 0);

    assertAgrees(fit(x, y), Newton.fit(x, y));
  }

  /** Two rows only, next to the border, keep the zeros from being parted from the ones. */
  @ParameterizedTest
  @ValueSource(doubles = {1e-2, 1e-4, 1e-6})
  void anOverlapByAHairIsNoSeparation(double hair) throws IOException {
    List<double[]> x = new ArrayList<>(List.of(new double[] {-hair}, new double[] {hair}));
    List<Boolean> y = new ArrayList<>(List.of(true, false));
    for (int i = 1; i <= 50; i++) {
      x.add(new double[] {i});
      y.add(true);
      x.add(new double[] {-i});
      y.add(false);
    }

    assertAgrees(fit(x, y), Newton.fit(x, y));
  }

  @Test
  void threeContinuousTermsAgreeWithNewtonsMethod() throws IOException {
    List<double[]> x = new ArrayList<>();
    List<Boolean> y = new ArrayList<>();
    draw(x, y, 500, -0.4, 0.9, -0.5, 0.3);

    assertAgrees(fit(x, y), Newton.fit(x, y));
  }

  /** A row with the first column above 0 is a one always; all others are drawn from the rest. */
  @ParameterizedTest
  @ValueSource(doubles = {1e-3, 1, 1e3})
  void oneTermThatPartsSomeRowsIsSeparation(double scale) throws IOException {
    List<double[]> x = new ArrayList<>();
    List<Boolean> y = new ArrayList<>();
    draw(x, y, 400, -0.4, 0, 0.9, -0.5);
    for (int i = 0; i < x.size(); i++) {
      x.get(i)[0] = i % 4 == 0 ? scale * (1 + i % 7) : 0;
      y.set(i, i % 4 == 0 || y.get(i));
    }
    assertThat(fit(x, y).error().path("reason").asText()).isEqualTo("SEPARATION");

    // One row that says otherwise, and there is an estimate.
    y.set(0, false);
    assertAgrees(fit(x, y), Newton.fit(x, y));
  }

  /** The digits that differ are those that a predictor of this size does not have. */
  @Test
  void whatDoesNotConvergeIsSaid() throws IOException {
    List<double[]> x = new ArrayList<>();
    List<Boolean> y = new ArrayList<>();
    draw(x, y, 400, 0.2, 1);
    x.forEach(row -> row[0] += 1e9);

    Outcome outcome = fit(x, y);
    assertThat(outcome.exitCode()).isNotZero();
    assertThat(outcome.error().path("reason").asText()).isEqualTo("NOT_CONVERGED");
    assertThat(outcome.error().path("message").asText()).contains("50 steps", "around 0");
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

  /** Rows with columns even in (-2, 2), and a target by these coefficients, the intercept first. */
  private static void draw(List<double[]> x, List<Boolean> y, int rows, double... coefficients) {
    Random random = new Random(11);
    for (int i = 0; i < rows; i++) {
      double[] row = random.doubles(coefficients.length - 1, -2, 2).toArray();
      double eta = coefficients[0];
      for (int j = 0; j < row.length; j++) {
        eta += coefficients[j + 1] * row[j];
      }
      x.add(row);
      y.add(random.nextDouble() < 1 / (1 + Math.exp(-eta)));
    }
  }

  private Outcome fit(List<double[]> x, List<Boolean> y) throws IOException {
    List<Field> fields = new ArrayList<>(List.of(Fields.bool("y")));
    List<String> names = new ArrayList<>();
    for (int j = 0; j < x.getFirst().length; j++) {
      names.add("x" + j);
      fields.add(Fields.float8("x" + j));
    }
    List<@Nullable Object[]> data = new ArrayList<>();
    for (int i = 0; i < x.size(); i++) {
      List<Object> row = new ArrayList<>(List.of(y.get(i)));
      Arrays.stream(x.get(i)).forEach(row::add);
      data.add(row.toArray());
    }
    return TestJob.in(folder.resolve("drawn" + runs++))
        .dataset("d", Fields.schema(fields.toArray(Field[]::new)), data)
        .parameter("family", "logistic")
        .parameter("target", "y")
        .parameter("features", String.join(",", names))
        .run(new RegressionApp());
  }

  private static void assertAgrees(Outcome seen, Newton expected) throws IOException {
    Map<String, @Nullable Object[]> rows = byTerm(seen);
    for (int j = 0; j < expected.coefficients().length; j++) {
      String term = j == 0 ? "(intercept)" : "x" + (j - 1);
      assertClose(number(rows, term, 2), expected.coefficients()[j]);
      assertClose(number(rows, term, 3), expected.stdErrors()[j]);
    }
    assertClose(number(rows, "deviance", 2), expected.deviance());
  }

  private static void assertClose(double seen, double expected) {
    assertThat(seen).isCloseTo(expected, within(1e-8 * Math.max(1, Math.abs(expected))));
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
