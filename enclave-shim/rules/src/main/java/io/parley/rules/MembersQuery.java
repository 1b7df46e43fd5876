package io.parley.rules;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Writes the queries of {@link Members}, next to a query that is rendered already. What a row
 * contributes is told by the values of the columns that the query aggregates, not by the row's
 * place: the same rows are the same for every query, and wherever they come in the dataset.
 */
final class MembersQuery {
  /** More of what groups are made by has too many parts to put groups together by. */
  private static final int KEYS_PUT_TOGETHER = 4;

  private final Plan plan;
  private final Render render;
  private final String told;
  private final List<String> keys;

  /**
   * @param told the groups for which the conditions of the agreement hold. What the query itself
   *     picks among them does not count: it could pick by a figure, and an answer that is refused
   *     or is not would tell that figure
   */
  MembersQuery(Plan plan, Render render, String told) {
    this.plan = plan;
    this.render = render;
    this.told = told;
    keys = render.keys();
  }

  /** For a dataset of the plan, which has an identity. */
  Members of(int table) {
    TreeMap<String, String> values = new TreeMap<>();
    for (Expr.Aggregate aggregate : Thresholds.aggregates(plan)) {
      aggregate
          .column()
          .ifPresent(column ->
              values.put(
                  plan.tables().get(column.table()).name() + "." + column.column(),
                  hashed("md5_number_lower", render.expression(column))));
    }
    List<String> measures = new ArrayList<>(values.keySet());
    measures.addFirst("*");
    return new Members(
        sql(Thresholds.identityOf(plan, table), render.rowOf(table), List.copyOf(values.values())),
        measures,
        unions());
  }

  private String sql(Expr.Col identity, String row, List<String> values) {
    List<String> inner = new ArrayList<>();
    inner.add("CAST(%s AS VARCHAR) AS member".formatted(render.expression(identity)));
    List<String> outer = new ArrayList<>(List.of("s.n AS n", "r.member AS member"));
    outer.add("left(%s, 32) AS id".formatted(hashed("sha256", "r.member")));
    outer.add("count(*) AS m0");
    for (int i = 0; i < values.size(); i++) {
      inner.add(values.get(i) + " AS v" + i);
      outer.add(
          "CAST(sum(r.v%d) %% 18446744073709551616::HUGEINT - 9223372036854775808::HUGEINT AS BIGINT) AS m%d"
              .formatted(i, i + 1));
    }
    String same =
        keys.isEmpty()
            ? "TRUE"
            : keys.stream()
                .map(key -> "r.%s IS NOT DISTINCT FROM s.%s".formatted(key, key))
                .collect(Collectors.joining(" AND "));
    // A row that an outer join made up is nobody's.
    return "SELECT %s FROM (%s) r JOIN (%s) s ON %s GROUP BY s.n, r.member ORDER BY id, n"
        .formatted(
            String.join(", ", outer), render.rows(inner, row + " IS NOT NULL"), numbered(), same);
  }

  private String numbered() {
    return keys.isEmpty()
        ? "SELECT 0 AS n FROM (%s) q".formatted(told)
        : "SELECT row_number() OVER (ORDER BY %s) - 1 AS n, %s FROM (%s) q"
            .formatted(String.join(", ", keys), String.join(", ", keys), told);
  }

  /** By each part of the keys but none and all of them. */
  private Optional<String> unions() {
    if (keys.size() < 2 || keys.size() > KEYS_PUT_TOGETHER) {
      return Optional.empty();
    }
    List<String> columns = new ArrayList<>();
    for (int part = 1; part < (1 << keys.size()) - 1; part++) {
      int chosen = part;
      columns.add(
          "dense_rank() OVER (ORDER BY %s) - 1 AS u%d"
              .formatted(
                  IntStream.range(0, keys.size())
                      .filter(i -> (chosen >> i & 1) == 1)
                      .mapToObj(keys::get)
                      .collect(Collectors.joining(", ")),
                  part));
    }
    return Optional.of(
        "SELECT n, %s FROM (%s) s ORDER BY n".formatted(String.join(", ", columns), numbered()));
  }

  private static String hashed(String hash, String text) {
    return "%s(coalesce('v' || CAST(%s AS VARCHAR), 'n'))".formatted(hash, text);
  }
}
