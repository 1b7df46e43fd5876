package io.parley.apps.regression;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.parley.sdk.Fields;
import io.parley.sdk.testing.TestJob;
import io.parley.sdk.testing.TestJob.Outcome;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import org.apache.arrow.vector.types.pojo.Schema;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RegressionAppTest {
  private static final double RELATIVE = 1e-9;

  @TempDir Path folder;

  @Test
  void longleySplitBetweenTwoPartiesGivesTheCertifiedValues() throws IOException {
    Outcome outcome = longley().parameter("features", "x1,x2,x3,x4,x5,x6").run(new RegressionApp());

    Map<String, @Nullable Object[]> rows = byTerm(outcome);
    assertThat(outcome.exitCode()).isZero();
    Longley.CERTIFIED.forEach((term, certified) -> {
      assertRelative(rows, term, 2, certified[0]);
      assertRelative(rows, term, 3, certified[1]);
    });
    assertRelative(rows, "residual_sd", 2, 304.854073561965);
    assertRelative(rows, "r2", 2, 0.995479004577296);
    // NIST's F statistic, and R's p-values for x4 and the model.
    assertRelative(rows, "f", 2, 330.285339234588);
    assertThat(number(rows, "x4", 5)).isCloseTo(0.000944, within(5e-7));
    assertThat(number(rows, "f", 5)).isCloseTo(4.984e-10, within(5e-13));
    assertThat(number(rows, "df", 2)).isEqualTo(9);
    assertThat(number(rows, "adjusted_r2", 2)).isCloseTo(0.992465, within(5e-7));
  }

  @Test
  void longleyOverThreePartiesInAnyRowOrderIsTheSame() throws IOException {
    List<@Nullable Object[]> a = new ArrayList<>();
    List<@Nullable Object[]> b = new ArrayList<>();
    List<@Nullable Object[]> c = new ArrayList<>();
    for (double[] r : Longley.ROWS) {
      a.add(row((long) r[6], r[0], r[1]));
      b.addFirst(row((long) r[6], r[2], r[3], r[4]));
      c.add(c.size() / 2, row((long) r[6], r[5]));
    }
    Outcome outcome =
        TestJob.in(folder)
            .dataset("a", doubles("bigint", "y", "x1"), a)
            .dataset("b", doubles("bigint", "x2", "x3", "x4"), b)
            .dataset("c", doubles("bigint", "x5"), c)
            .parameter("target", "a.y")
            .parameter("on", "year")
            .parameter("features", "x1, x2, x3, b.x4, x5, year")
            .run(new RegressionApp());

    Map<String, @Nullable Object[]> rows = byTerm(outcome);
    assertRelative(rows, "(intercept)", 2, Longley.certified("(intercept)")[0]);
    assertRelative(rows, "b.x4", 3, Longley.certified("x4")[1]);
    assertRelative(rows, "year", 2, Longley.certified("x6")[0]);
  }

  @Test
  void lalondeWithACategoryGivesThePublishedEffect() throws IOException {
    List<@Nullable Object[]> agency = new ArrayList<>();
    List<@Nullable Object[]> taxOffice = new ArrayList<>();
    Path data = Path.of(System.getProperty("parley.shared", ""), "data/lalonde.tab");
    assumeTrue(Files.exists(data), "the data is not ours to ship: see -Dparley.shared");
    List<String> lines = Files.readAllLines(data);
    List<String> header = List.of(lines.getFirst().replace("\"", "").split("\\s+"));
    for (String line : lines.subList(1, lines.size())) {
      String[] cells = line.replace("\"", "").split("\\s+");
      int shift = cells.length - header.size();
      Map<String, String> row = new HashMap<>();
      for (int i = 0; i < header.size(); i++) {
        row.put(header.get(i), cells[i + shift]);
      }
      String id = cells[0];
      agency.add(
          row(
              id,
              number(row, "treat") == 1,
              number(row, "age"),
              number(row, "educ"),
              race(row),
              number(row, "married"),
              number(row, "nodegree")));
      taxOffice.addFirst(row(id, number(row, "re74"), number(row, "re75"), number(row, "re78")));
    }
    Outcome outcome =
        TestJob.in(folder)
            .dataset(
                "agency",
                Fields.schema(
                    Fields.varchar("id"),
                    Fields.bool("treat"),
                    Fields.float8("age"),
                    Fields.float8("educ"),
                    Fields.varchar("race"),
                    Fields.float8("married"),
                    Fields.float8("nodegree")),
                agency)
            .dataset(
                "tax",
                Fields.schema(
                    Fields.varchar("id"),
                    Fields.float8("re74"),
                    Fields.float8("re75"),
                    Fields.float8("re78")),
                taxOffice)
            .parameter("target", "re78")
            .parameter("on", "id")
            .parameter("features", "treat,age,educ,race,married,nodegree,re74,re75")
            .run(new RegressionApp());

    Map<String, @Nullable Object[]> rows = byTerm(outcome);
    assertRelative(rows, "treat", 2, 1548.2438019990);
    assertThat(rows).containsKeys("race=hispan", "race=white").doesNotContainKey("race=black");
    assertThat(number(rows, "rows", 2)).isEqualTo(614);
  }

  @Test
  void nullKeysNeverMatchAndRowsWithNullsAreDroppedAndCounted() throws IOException {
    List<@Nullable Object[]> left = new ArrayList<>();
    List<@Nullable Object[]> right = new ArrayList<>();
    for (long i = 0; i < 10; i++) {
      left.add(row(i, 3.0 + 2 * i));
      right.add(row(i, (double) i));
    }
    left.set(4, row(4L, null));
    right.set(5, row(5L, null));
    left.add(row(null, 1e6));
    right.add(row(null, 1e6));
    left.add(row(77L, 1e6));
    right.add(row(88L, 1e6));

    Map<String, @Nullable Object[]> rows = byTerm(simple(left, right).run(new RegressionApp()));

    assertThat(number(rows, "(intercept)", 2)).isCloseTo(3, within(1e-12));
    assertThat(number(rows, "x", 2)).isCloseTo(2, within(1e-12));
    assertThat(number(rows, "rows", 2)).isEqualTo(8);
    assertThat(number(rows, "dropped_rows", 2)).isEqualTo(2);
  }

  @Test
  void keysMayRepeatInOneDataset() throws IOException {
    List<@Nullable Object[]> left = List.of(row(1L, 1.0), row(2L, 2.0), row(3L, 4.0));
    List<@Nullable Object[]> right =
        List.of(row(1L, 1.0), row(1L, 2.0), row(2L, 3.0), row(2L, 5.0), row(9L, 9.0));

    Map<String, @Nullable Object[]> rows = byTerm(simple(left, right).run(new RegressionApp()));

    assertThat(number(rows, "rows", 2)).isEqualTo(4);
  }

  @Test
  void keysThatRepeatInTwoDatasetsAreRefused() throws IOException {
    List<@Nullable Object[]> twice = List.of(row(1L, 1.0), row(1L, 2.0), row(3L, 4.0));

    assertThat(reason(simple(twice, twice))).isEqualTo("DUPLICATE_KEYS");
  }

  @Test
  void emptyJoinAndTooFewRowsAreRefused() throws IOException {
    List<@Nullable Object[]> left = List.of(row(1L, 1.0), row(2L, 2.0));
    List<@Nullable Object[]> none = List.of();

    assertThat(reason(simple(left, none))).isEqualTo("TOO_FEW_ROWS");
    assertThat(reason(simple(left, left))).isEqualTo("TOO_FEW_ROWS");
  }

  @Test
  void constantAndCopiedFeaturesAreCollinear() throws IOException {
    List<@Nullable Object[]> left = new ArrayList<>();
    List<@Nullable Object[]> right = new ArrayList<>();
    Random random = new Random(7);
    for (long i = 0; i < 3000; i++) {
      left.add(row(i, random.nextGaussian()));
      right.add(row(i, 1e9 / 3));
    }

    assertThat(reason(simple(left, right))).isEqualTo("COLLINEAR");
    assertThat(reason(longley().parameter("features", "x6,year"))).isEqualTo("COLLINEAR");
  }

  @Test
  void manyRowsInManyBlocksFitLikeFew() throws IOException {
    List<@Nullable Object[]> left = new ArrayList<>();
    List<@Nullable Object[]> right = new ArrayList<>();
    Random random = new Random(11);
    double sumX = 0;
    double sumY = 0;
    int n = 20_000;
    double[] x = new double[n];
    double[] y = new double[n];
    for (int i = 0; i < n; i++) {
      x[i] = 1e6 + random.nextGaussian();
      y[i] = 5 - 0.25 * x[i] + random.nextGaussian();
      sumX += x[i];
      sumY += y[i];
      left.add(row((long) i, y[i]));
      right.add(row((long) i, x[i]));
    }
    double sxx = 0;
    double sxy = 0;
    for (int i = 0; i < n; i++) {
      sxx += (x[i] - sumX / n) * (x[i] - sumX / n);
      sxy += (x[i] - sumX / n) * (y[i] - sumY / n);
    }

    Map<String, @Nullable Object[]> rows = byTerm(simple(left, right).run(new RegressionApp()));

    assertThat(number(rows, "x", 2)).isCloseTo(sxy / sxx, within(1e-9));
    assertThat(number(rows, "df", 2)).isEqualTo(n - 2);
  }

  @Test
  void modelWithoutInterceptIsAboutZero() throws IOException {
    List<@Nullable Object[]> left = List.of(row(1L, 1.0), row(2L, 2.0), row(3L, 4.0));
    List<@Nullable Object[]> right = List.of(row(1L, 1.0), row(2L, 2.0), row(3L, 3.0));

    Map<String, @Nullable Object[]> rows =
        byTerm(simple(left, right).parameter("intercept", "false").run(new RegressionApp()));

    assertThat(rows).doesNotContainKey("(intercept)");
    assertThat(number(rows, "x", 2)).isCloseTo(17.0 / 14, within(1e-14));
    assertThat(number(rows, "r2", 2)).isCloseTo(17.0 * 17 / 14 / 21, within(1e-14));
  }

  @Test
  void perfectFitHasNoInfinities() throws IOException {
    List<@Nullable Object[]> left = List.of(row(1L, 2.0), row(2L, 4.0), row(3L, 6.0));
    List<@Nullable Object[]> right = List.of(row(1L, 1.0), row(2L, 2.0), row(3L, 3.0));

    Outcome outcome = simple(left, right).parameter("intercept", "false").run(new RegressionApp());

    assertThat(outcome.exitCode()).isZero();
    assertThat(number(byTerm(outcome), "x", 2)).isCloseTo(2, within(1e-14));
  }

  @Test
  void decimalsIntegersAndBooleansAreNumbers() throws IOException {
    Schema schema =
        Fields.schema(
            Fields.decimal("y", 10, 2), Fields.smallint("a"), Fields.bool("b"), Fields.float4("c"));
    List<@Nullable Object[]> rows = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      rows.add(
          row(new BigDecimal(i * i + 1).setScale(2), (short) i, i % 2 == 0, (float) Math.sin(i)));
    }

    Outcome outcome =
        TestJob.in(folder)
            .dataset("d", schema, rows)
            .parameter("target", "y")
            .parameter("features", "a,b,c")
            .run(new RegressionApp());

    assertThat(outcome.exitCode()).isZero();
    assertThat(byTerm(outcome)).containsKeys("(intercept)", "a", "b", "c");
  }

  @Test
  void secondResultHoldsTheFiguresAsJson() throws IOException {
    Outcome outcome =
        longley()
            .results("model", "figures")
            .parameter("features", "x1,x2,x3,x4,x5,x6")
            .run(new RegressionApp());

    assertThat(outcome.json("figures").get("rows").asInt()).isEqualTo(16);
    assertThat(outcome.json("figures").get("residual_sd").asDouble())
        .isCloseTo(304.854073561965, within(1e-6));
    assertThat(outcome.rows("model")).hasSize(14);
  }

  @ParameterizedTest
  @CsvSource({
    "target, z, INVALID_PARAMETER",
    "target, x1, INVALID_PARAMETER",
    "features, 'x1,,x2', INVALID_PARAMETER",
    "features, 'x1,x1', INVALID_PARAMETER",
    "features, people.x1, INVALID_PARAMETER",
    "features, name, TOO_MANY_LEVELS",
    "features, day, WRONG_TYPE",
    "features, bad, NOT_FINITE",
    "target, name, WRONG_TYPE",
    "on, month, INVALID_PARAMETER",
    "on, '', INVALID_PARAMETER",
    "intercept, yes, INVALID_PARAMETER",
    "typo, 1, INVALID_PARAMETER"
  })
  void wrongParametersAreRefused(String parameter, String value, String reason) throws IOException {
    Schema schema =
        Fields.schema(
            Fields.bigint("year"),
            Fields.varchar("name"),
            Fields.date("day"),
            Fields.float8("bad"));
    List<@Nullable Object[]> rows = new ArrayList<>();
    for (long i = 0; i < 16; i++) {
      rows.add(row(1947 + i, "n" + i % 3, LocalDate.EPOCH, Double.NaN));
    }
    for (long i = 0; i < 200 && reason.equals("TOO_MANY_LEVELS"); i++) {
      rows.add(row(i, "m" + i, null, null));
    }
    TestJob job =
        longley()
            .dataset("extra", schema, rows)
            .parameter("features", "x1")
            .parameter(parameter, value);

    assertThat(reason(job)).isEqualTo(reason);
  }

  @Test
  void keysOfDifferentTypesAreRefused() throws IOException {
    TestJob job =
        TestJob.in(folder)
            .dataset("a", doubles("bigint", "y"), List.<@Nullable Object[]>of(row(1L, 1.0)))
            .dataset("b", doubles("varchar", "x"), List.<@Nullable Object[]>of(row("1", 1.0)))
            .parameter("target", "y")
            .parameter("on", "year")
            .parameter("features", "x");

    assertThat(reason(job)).isEqualTo("KEY_TYPES_DIFFER");
  }

  @Test
  void joinOnTwoColumnsAndDatesWorks() throws IOException {
    Schema a = Fields.schema(Fields.date("day"), Fields.varchar("site"), Fields.float8("y"));
    Schema b = Fields.schema(Fields.varchar("site"), Fields.date("day"), Fields.float8("x"));
    List<@Nullable Object[]> left = new ArrayList<>();
    List<@Nullable Object[]> right = new ArrayList<>();
    for (int i = 0; i < 12; i++) {
      LocalDate day = LocalDate.of(2026, 1, 1).plusDays(i / 2);
      left.add(row(day, "s" + i % 2, 1.0 + 4 * i));
      right.addFirst(row("s" + i % 2, day, (double) i));
    }
    right.add(row(null, LocalDate.of(2026, 1, 1), 99.0));

    Map<String, @Nullable Object[]> rows =
        byTerm(
            TestJob.in(folder)
                .dataset("a", a, left)
                .dataset("b", b, right)
                .parameter("target", "y")
                .parameter("on", "site, day")
                .parameter("features", "x")
                .run(new RegressionApp()));

    assertThat(number(rows, "x", 2)).isCloseTo(4, within(1e-12));
    assertThat(number(rows, "rows", 2)).isEqualTo(12);
  }

  private TestJob longley() throws IOException {
    List<@Nullable Object[]> economy = new ArrayList<>();
    List<@Nullable Object[]> people = new ArrayList<>();
    for (double[] r : Longley.ROWS) {
      economy.add(row((int) r[6], r[0], r[1], r[2], r[3]));
      people.add(row((int) r[6], r[4], r[5], r[6]));
    }
    return TestJob.in(Files.createTempDirectory(folder, "longley"))
        .dataset("economy", doubles("integer", "y", "x1", "x2", "x3"), economy)
        .dataset("people", doubles("integer", "x4", "x5", "x6"), people)
        .parameter("target", "y")
        .parameter("on", "year");
  }

  private TestJob simple(List<@Nullable Object[]> left, List<@Nullable Object[]> right)
      throws IOException {
    return TestJob.in(Files.createTempDirectory(folder, "simple"))
        .dataset("left", doubles("bigint", "y"), left)
        .dataset("right", doubles("bigint", "x"), right)
        .parameter("target", "y")
        .parameter("on", "year")
        .parameter("features", "x");
  }

  private static Schema doubles(String keyType, String... names) {
    List<org.apache.arrow.vector.types.pojo.Field> fields = new ArrayList<>();
    fields.add(
        switch (keyType) {
          case "integer" -> Fields.integer("year");
          case "varchar" -> Fields.varchar("year");
          default -> Fields.bigint("year");
        });
    for (String name : names) {
      fields.add(Fields.float8(name));
    }
    return new Schema(fields);
  }

  private static String reason(TestJob job) throws IOException {
    Outcome outcome = job.run(new RegressionApp());
    assertThat(outcome.exitCode()).isEqualTo(2);
    return outcome.error().get("reason").asText();
  }

  private static Map<String, @Nullable Object[]> byTerm(Outcome outcome) throws IOException {
    assertThat(outcome.exitCode())
        .as(() -> outcome.folder().resolve("error.json").toString())
        .isZero();
    String result = Files.exists(outcome.folder().resolve("model.arrow")) ? "model" : "result";
    Map<String, @Nullable Object[]> rows = new HashMap<>();
    for (@Nullable Object[] row : outcome.rows(result)) {
      rows.put(String.valueOf(row[1]), row);
    }
    return rows;
  }

  private static double number(Map<String, @Nullable Object[]> rows, String term, int column) {
    @Nullable Object[] row = Objects.requireNonNull(rows.get(term), term);
    return (Double) Objects.requireNonNull(row[column], term);
  }

  private static void assertRelative(
      Map<String, @Nullable Object[]> rows, String term, int column, double certified) {
    assertThat(number(rows, term, column))
        .as(term)
        .isCloseTo(certified, within(Math.abs(certified) * RELATIVE));
  }

  private static double number(Map<String, String> row, String name) {
    return Double.parseDouble(Objects.requireNonNull(row.get(name), name));
  }

  private static String race(Map<String, String> row) {
    String race = row.get("race");
    if (race != null) {
      return race;
    }
    return number(row, "black") == 1 ? "black" : number(row, "hispan") == 1 ? "hispan" : "white";
  }

  private static @Nullable Object[] row(@Nullable Object... values) {
    return values;
  }
}
