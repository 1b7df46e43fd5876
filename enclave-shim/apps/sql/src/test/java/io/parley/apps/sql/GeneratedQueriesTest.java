package io.parley.apps.sql;

import static org.assertj.core.api.Assertions.assertThat;

import io.parley.sdk.testing.TestJob.Outcome;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/**
 * Queries put together from parts that are granted. Each must equal plain DuckDB on the union with
 * the conditions on groups written out by hand here, from what deploy/docs/rules.md promises.
 */
class GeneratedQueriesTest {
  /** What groups, as a query writes it; {@code name} is its output. */
  private record Key(String sql, String name) {}

  /**
   * @param counts of the column that it rests on, empty when that has no nulls
   */
  private record Figure(String sql, String rests) {}

  private static final List<Key> KEYS =
      List.of(
          new Key("a.ward", "w"),
          new Key("a.urgent", "u"),
          new Key("year(a.admitted)", "y"),
          new Key("date_trunc('month', a.admitted)", "m"),
          new Key("extract(quarter FROM a.admitted)", "q"),
          new Key(
              "CASE WHEN a.ward IN ('A', 'C') THEN 'old' WHEN a.ward = 'B' THEN 'new' END", "c"),
          new Key("coalesce(a.ward, 'none')", "n"),
          new Key("lower(a.ward)", "l"));

  private static final List<Figure> FIGURES =
      List.of(
          new Figure("count(*)", ""),
          new Figure("count(DISTINCT a.patient)", ""),
          new Figure("sum(a.days)", "a.days"),
          new Figure("avg(a.days)", "a.days"),
          new Figure("min(a.days)", "a.days"),
          new Figure("max(a.days)", "a.days"),
          new Figure("median(a.days)", "a.days"),
          new Figure("stddev(a.days)", "a.days"),
          new Figure("sum(a.cost)", "a.cost"),
          new Figure("sum(a.days) / count(a.days)", "a.days"),
          new Figure("round(avg(a.cost), 1)", "a.cost"),
          new Figure("100 * count(*) - count(a.days)", "a.days"));

  private static final List<String> FILTERS =
      List.of(
          "",
          "a.days > 5",
          "a.ward <> 'B'",
          "a.ward IN ('A', 'B', 'D') AND a.days BETWEEN 2 AND 20",
          "a.admitted >= '2024-06-01'",
          "a.admitted >= DATE '2024-03-01' OR a.urgent",
          "NOT a.urgent",
          "a.urgent IS NULL OR a.cost < 5000.50",
          "a.ward LIKE 'A%' OR a.ward ILIKE 'b'",
          "a.days IS NOT NULL AND a.days <> 2.5");

  private static final String WARDS = " JOIN wards w USING (ward)";

  /** With another dataset that has identities, in which a person is once. */
  private static final String CLAIMS = " JOIN claims c ON a.patient = c.patient";

  private static final Key KIND = new Key("c.kind", "k");
  private static final Figure AMOUNT = new Figure("avg(c.amount)", "c.amount");

  @TempDir Path folder;

  @TestFactory
  Stream<DynamicTest> equalDuckDbWithTheThreshold() throws Exception {
    RulesWorld world = new RulesWorld(folder);
    Random random = new Random(11);
    List<DynamicTest> tests = new ArrayList<>();
    for (int i = 0; i < 150; i++) {
      List<Key> keys = some(KEYS, random.nextInt(3), random);
      List<Figure> figures = some(FIGURES, 1 + random.nextInt(3), random);
      String filter = FILTERS.get(random.nextInt(FILTERS.size()));
      String join = List.of("", "", WARDS, CLAIMS).get(random.nextInt(4));
      if (join.equals(CLAIMS)) {
        sometimes(KIND, keys, random);
        sometimes(AMOUNT, figures, random);
      }
      boolean having = random.nextInt(4) == 0;
      String query = query(keys, figures, filter, join, having, random.nextInt(4));
      String expected = expected(keys, figures, filter, join, having);
      tests.add(
          DynamicTest.dynamicTest(
              i + ": " + query,
              () -> {
                Outcome outcome = world.run(query);
                assertThat(RulesWorld.refusal(outcome)).isEmpty();
                assertThat(RulesWorld.rows(outcome))
                    .as(expected)
                    .containsExactlyInAnyOrderElementsOf(world.union(expected));
              }));
    }
    return tests.stream().onClose(() -> close(world));
  }

  private static void close(RulesWorld world) {
    try {
      world.close();
    } catch (java.sql.SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  private static <T> List<T> some(List<T> of, int count, Random random) {
    List<T> picked = new ArrayList<>();
    while (picked.size() < count) {
      T one = of.get(random.nextInt(of.size()));
      if (!picked.contains(one)) {
        picked.add(one);
      }
    }
    return picked;
  }

  private static <T> void sometimes(T one, List<T> to, Random random) {
    if (random.nextBoolean()) {
      to.add(one);
    }
  }

  /** As somebody might write it. */
  private static String query(
      List<Key> keys, List<Figure> figures, String filter, String join, boolean having, int style) {
    StringBuilder sql = new StringBuilder();
    boolean with = style == 3 && !filter.isEmpty();
    if (with) {
      sql.append("WITH a AS (SELECT * FROM admissions a WHERE ").append(filter).append(") ");
    }
    sql.append("SELECT ").append(outputs(keys, figures));
    sql.append(" FROM ").append(with ? "a" : "admissions a");
    sql.append(join);
    if (!filter.isEmpty() && !with) {
      sql.append(" WHERE ").append(filter);
    }
    if (!keys.isEmpty()) {
      sql.append(" GROUP BY ");
      sql.append(
          switch (style) {
            case 0 -> "ALL";
            case 1 -> keys.stream().map(Key::name).collect(Collectors.joining(", "));
            default -> keys.stream().map(Key::sql).collect(Collectors.joining(", "));
          });
    }
    if (having) {
      sql.append(" HAVING count(*) > 8");
    }
    if (style == 2) {
      sql.append(" ORDER BY 1 DESC");
    }
    return sql.toString();
  }

  private static String outputs(List<Key> keys, List<Figure> figures) {
    List<String> outputs = new ArrayList<>();
    keys.forEach(key -> outputs.add(key.sql() + " AS " + key.name()));
    for (int i = 0; i < figures.size(); i++) {
      outputs.add(figures.get(i).sql() + " AS f" + i);
    }
    return String.join(", ", outputs);
  }

  /** With the conditions on groups. */
  private static String expected(
      List<Key> keys, List<Figure> figures, String filter, String join, boolean having) {
    String rows =
        " FROM admissions a"
            + join.replace("USING (ward)", "ON a.ward = w.ward")
            + (filter.isEmpty() ? "" : " WHERE " + filter);
    StringBuilder sql = new StringBuilder("SELECT ").append(outputs(keys, figures)).append(rows);
    if (!keys.isEmpty()) {
      sql.append(" GROUP BY ")
          .append(keys.stream().map(Key::sql).collect(Collectors.joining(", ")));
    }
    sql.append(" HAVING count(DISTINCT a.patient) >= ").append(RulesWorld.LEAST);
    figures.stream()
        .map(Figure::rests)
        .filter(column -> !column.isEmpty())
        .distinct()
        .forEach(column ->
            sql.append(
                " AND count(DISTINCT CASE WHEN %s IS NOT NULL THEN a.patient END) >= %d"
                    .formatted(column, RulesWorld.LEAST)));
    if (figures.contains(AMOUNT)) {
      // Who has several stays would have a claim counted as often, in one group or in several.
      sql.append(
          keys.stream().allMatch(KIND::equals)
              ? " AND count(c.rowid) = count(DISTINCT c.rowid)"
              : " AND (SELECT count(r) = count(DISTINCT r) FROM (SELECT c.rowid AS r"
                  + rows
                  + "))");
    }
    if (having) {
      sql.append(" AND count(*) > 8");
    }
    return sql.toString();
  }
}
