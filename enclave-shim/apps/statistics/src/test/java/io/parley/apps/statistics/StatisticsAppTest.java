package io.parley.apps.statistics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.parley.sdk.Fields;
import io.parley.sdk.testing.TestJob;
import io.parley.sdk.testing.TestJob.Outcome;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.MathContext;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class StatisticsAppTest {
  private static final int ROWS = 400;

  @TempDir Path folder;
  private final List<@Nullable Object[]> left = new ArrayList<>();
  private final List<@Nullable Object[]> right = new ArrayList<>();

  /** Ages and wages, some missing; a ward with few people. */
  private TestJob job() throws IOException {
    Random random = new Random(7);
    left.clear();
    right.clear();
    for (long i = 0; i < ROWS; i++) {
      int age = 20 + random.nextInt(50);
      String ward = i < 4 ? "rare" : i % 3 == 0 ? "north" : "south";
      left.add(new @Nullable Object[] {i, ward, i % 11 == 0 ? null : (Object) age});
      right.addFirst(
          new @Nullable Object[] {
            i, i % 7 == 0 ? null : (Object) (age * 100 + random.nextGaussian())
          });
    }
    left.add(new @Nullable Object[] {9999L, "north", 1_000_000});
    return TestJob.in(folder)
        .dataset(
            "people",
            Fields.schema(Fields.bigint("id"), Fields.varchar("ward"), Fields.integer("age")),
            left)
        .dataset("wages", Fields.schema(Fields.bigint("id"), Fields.float8("wage")), right)
        .parameter("on", "id")
        .parameter("columns", "age,wage");
  }

  @Test
  void momentsAgreeWithExactArithmetic() throws IOException {
    Map<String, @Nullable Double> seen = table(job().run(new StatisticsApp()));

    List<BigDecimal> ages = numbers(left, 2, ROWS);
    BigDecimal sum = ages.stream().reduce(BigDecimal.ZERO, BigDecimal::add);
    BigDecimal mean = sum.divide(BigDecimal.valueOf(ages.size()), MathContext.DECIMAL128);
    BigDecimal squares =
        ages.stream()
            .map(age -> age.subtract(mean).pow(2))
            .reduce(BigDecimal.ZERO, BigDecimal::add);
    assertThat(seen.get("null/age/count")).isEqualTo(ages.size());
    assertThat(seen.get("null/age/sum")).isEqualTo(sum.doubleValue());
    close(seen.get("null/age/mean"), mean.doubleValue());
    close(
        seen.get("null/age/variance"),
        squares.divide(BigDecimal.valueOf(ages.size() - 1), MathContext.DECIMAL128).doubleValue());
  }

  @Test
  void quantilesAreThoseOfPercentileCont() throws IOException {
    Map<String, @Nullable Double> seen =
        table(job().parameter("quantiles", "0.1,0.5").run(new StatisticsApp()));

    List<BigDecimal> ages = numbers(left, 2, ROWS).stream().sorted().toList();
    for (double quantile : new double[] {0.1, 0.5}) {
      double place = quantile * (ages.size() - 1);
      double below = ages.get((int) place).doubleValue();
      double above = ages.get((int) place + 1).doubleValue();
      close(
          seen.get("null/age/quantile " + quantile),
          below + (place - Math.floor(place)) * (above - below));
    }
  }

  @Test
  void smallGroupsAreNotThereAtAll() throws IOException {
    Map<String, @Nullable Double> seen =
        table(job().parameter("by", "ward").run(new StatisticsApp()));

    assertThat(seen.keySet()).noneMatch(key -> key.startsWith("rare/"));
    assertThat(seen.keySet()).anyMatch(key -> key.startsWith("north/age/"));
    assertThat(seen.keySet()).anyMatch(key -> key.startsWith("south/wage/"));
  }

  /** Counted once more, over values of which many lie on an edge, and nulls. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void binsHaveTheirLowerEdgeAndTheLastBinBoth(long seed) throws IOException {
    double[] edges = {-1.5, 0, 0.1, 2, 4};
    Random random = new Random(seed);
    List<@Nullable Object[]> rows = new ArrayList<>();
    Map<String, Double> expected = new HashMap<>();
    int values = 0;
    for (int i = 0; i < 500; i++) {
      @Nullable Double value =
          switch (random.nextInt(4)) {
            case 0 -> null;
            case 1 -> edges[random.nextInt(edges.length)];
            case 2 -> Math.nextDown(edges[random.nextInt(edges.length)]);
            default -> -2 + 7 * random.nextDouble();
          };
      rows.add(new @Nullable Object[] {value});
      values += value == null ? 0 : 1;
      int bin = edges.length - 1;
      while (value != null && bin >= 0 && edges[bin] > value) {
        bin--;
      }
      // Only the greatest edge itself is in the bin below it; nothing above it is in any.
      bin -= value != null && value == edges[edges.length - 1] ? 1 : 0;
      if (value != null && bin >= 0 && bin < edges.length - 1) {
        expected.merge(
            "null/x/bin %s to %s".formatted(edges[bin], edges[bin + 1]), 1.0, Double::sum);
      }
    }
    Map<String, @Nullable Double> seen =
        table(
            TestJob.in(folder)
                .dataset("d", Fields.schema(Fields.float8("x")), rows)
                .parameter("columns", "x")
                .parameter("histogram", "x=-1.5 0 0.1 2 4")
                .parameter("min_count", "1")
                .run(new StatisticsApp()));

    assertThat(expected).hasSize(4);
    assertThat(seen).containsAllEntriesOf(expected).containsEntry("null/x/count", (double) values);
    assertThat(seen.keySet().stream().filter(key -> key.contains("/bin "))).hasSize(4);
  }

  @Test
  void aBinThatIsLeftOutAloneTakesAnotherWithIt() throws IOException {
    // Ages are 20 to 69: the bin from 69 holds few, all others many.
    Map<String, @Nullable Double> seen =
        table(
            job()
                .parameter("histogram", "age=0 30 50 69 200")
                .parameter("min_count", "20")
                .run(new StatisticsApp()));

    List<String> bins =
        seen.keySet().stream().filter(key -> key.startsWith("null/age/bin")).toList();
    assertThat(bins).hasSize(2).doesNotContain("null/age/bin 69.0 to 200.0");
    double told = bins.stream().mapToDouble(bin -> seen.get(bin)).sum();
    assertThat(seen.get("null/age/count")).isNotNull().isGreaterThan(told + 20);
  }

  @Test
  void correlationIsPearsonsOverRowsThatHaveBoth() throws IOException {
    Map<String, @Nullable Double> seen =
        table(job().parameter("correlation", "true").run(new StatisticsApp()));

    double n = 0;
    double[] s = new double[5];
    for (int i = 0; i < ROWS; i++) {
      Object x = left.get(i)[2];
      Object y = right.get(ROWS - 1 - i)[1];
      if (x != null && y != null) {
        double a = ((Number) x).doubleValue() - 45;
        double b = ((Number) y).doubleValue() - 4500;
        n++;
        s[0] += a;
        s[1] += b;
        s[2] += a * a;
        s[3] += b * b;
        s[4] += a * b;
      }
    }
    double expected =
        (s[4] - s[0] * s[1] / n) / Math.sqrt((s[2] - s[0] * s[0] / n) * (s[3] - s[1] * s[1] / n));
    close(seen.get("null/age/correlation wage"), expected);
  }

  @Test
  void nothingIsToldOfFewRows() throws IOException {
    Outcome outcome =
        TestJob.in(folder)
            .dataset(
                "d",
                Fields.schema(Fields.float8("x")),
                List.of(new Object[] {1.0}, new Object[] {2.0}))
            .parameter("columns", "x")
            .run(new StatisticsApp());

    assertThat(outcome.rows("result")).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "columns,nowhere,INVALID_PARAMETER",
    "columns,ward,WRONG_TYPE",
    "by,age,INVALID_PARAMETER",
    "quantiles,1,INVALID_PARAMETER",
    "quantiles,half,INVALID_PARAMETER",
    "histogram,age=3 2 1,INVALID_PARAMETER",
    "histogram,ward=1 2,INVALID_PARAMETER",
    "histogram,age,INVALID_PARAMETER",
    "min_count,0,INVALID_PARAMETER",
    "min_cout,5,INVALID_PARAMETER",
    "correlation,perhaps,INVALID_PARAMETER"
  })
  void refusesWhatMakesNoSense(String parameter, String value, String reason) throws IOException {
    Outcome outcome = job().parameter(parameter, value).run(new StatisticsApp());

    assertThat(outcome.exitCode()).isNotZero();
    assertThat(outcome.error().path("reason").asText()).isEqualTo(reason);
  }

  private static List<BigDecimal> numbers(List<@Nullable Object[]> rows, int column, int limit) {
    List<BigDecimal> numbers = new ArrayList<>();
    for (Object[] row : rows.subList(0, limit)) {
      if (row[column] != null) {
        numbers.add(new BigDecimal(row[column].toString()));
      }
    }
    return numbers;
  }

  private static Map<String, @Nullable Double> table(Outcome outcome) throws IOException {
    assertThat(outcome.exitCode()).isZero();
    Map<String, @Nullable Double> table = new HashMap<>();
    for (Object[] row : outcome.rows("result")) {
      assertThat(table.put(row[0] + "/" + row[1] + "/" + row[2], (Double) row[3])).isNull();
    }
    return table;
  }

  private static void close(@Nullable Double seen, double expected) {
    assertThat(seen).isNotNull().isCloseTo(expected, within(Math.abs(expected) * 1e-12));
  }
}
