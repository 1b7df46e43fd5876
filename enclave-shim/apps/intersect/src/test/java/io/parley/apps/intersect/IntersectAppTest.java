package io.parley.apps.intersect;

import static org.assertj.core.api.Assertions.assertThat;

import io.parley.sdk.Fields;
import io.parley.sdk.testing.TestJob;
import io.parley.sdk.testing.TestJob.Outcome;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import org.apache.arrow.vector.types.pojo.Schema;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class IntersectAppTest {
  private static final Schema A = Fields.schema(Fields.bigint("id"), Fields.varchar("a"));
  private static final Schema B = Fields.schema(Fields.integer("id"), Fields.varchar("b"));

  @TempDir Path folder;

  @Test
  void countsEachCommonKeyOnce() throws IOException {
    Outcome outcome =
        job(
                rows(row(1L, "x"), row(2L, "y"), row(2L, "z"), row(null, "n"), row(9L, "q")),
                rows(row(2, "u"), row(2, "v"), row(1, "w"), row(null, "n"), row(5, "p")))
            .run(new IntersectApp());

    assertThat(outcome.rows("result")).containsExactly(new Object[] {2L});
    assertThat(outcome.schema("result").getFields()).hasSize(1);
  }

  @Test
  void givesIdsInTheirOrderWhateverTheRowsOrder() throws IOException {
    Outcome outcome =
        job(
                rows(row(30L, "x"), row(-2L, "y"), row(7L, "z")),
                rows(row(7, "u"), row(30, "v"), row(-2, "w")))
            .parameter("output", "ids")
            .run(new IntersectApp());

    assertThat(outcome.rows("result"))
        .containsExactly(new Object[] {-2L}, new Object[] {7L}, new Object[] {30L});
  }

  @Test
  void payloadRowsMultiplyAsInAnInnerJoin() throws IOException {
    Outcome outcome =
        job(
                rows(row(1L, "a1"), row(1L, null), row(2L, "a2"), row(3L, "a3")),
                rows(row(1, "b1"), row(1, "b2"), row(3, null)))
            .parameter("output", "columns")
            .parameter("columns", "b,a")
            .run(new IntersectApp());

    assertThat(outcome.rows("result"))
        .containsExactly(
            new Object[] {1L, "b1", "a1"},
            new Object[] {1L, "b2", "a1"},
            new @Nullable Object[] {1L, "b1", null},
            new @Nullable Object[] {1L, "b2", null},
            new @Nullable Object[] {3L, null, "a3"});
  }

  @Test
  void severalResultsTellDifferentThings() throws IOException {
    Outcome outcome =
        job(rows(row(1L, "x")), rows(row(1, "u"), row(2, "v")))
            .results("count", "common")
            .parameter("output", "count=cardinality, common=ids")
            .run(new IntersectApp());

    assertThat(outcome.rows("count")).containsExactly(new Object[] {1L});
    assertThat(outcome.rows("common")).containsExactly(new Object[] {1L});
  }

  @Test
  void emptyDatasetsHaveAnEmptyIntersection() throws IOException {
    Outcome none = job(rows(), rows(row(1, "u"))).run(new IntersectApp());
    assertThat(none.rows("result")).containsExactly(new Object[] {0L});
  }

  @Test
  void decimalsAndWholeNumbersAreEqualByValue() throws IOException {
    Outcome outcome =
        TestJob.in(folder)
            .dataset(
                "a",
                Fields.schema(Fields.decimal("id", 10, 2)),
                rows(row(new BigDecimal("5.00")), row(new BigDecimal("5.50"))))
            .dataset(
                "b",
                Fields.schema(Fields.decimal("id", 12, 3)),
                rows(row(new BigDecimal("5.000")), row(new BigDecimal("5.500"))))
            .parameter("on", "id")
            .run(new IntersectApp());

    assertThat(outcome.rows("result")).containsExactly(new Object[] {2L});
  }

  /** Against sets of the JDK, over three parties, two key columns and unequal sizes. */
  @ParameterizedTest
  @CsvSource({"1", "2", "3"})
  void threePartiesOverTwoColumnsAgreeWithSets(long seed) throws IOException {
    Random random = new Random(seed);
    Schema schema = Fields.schema(Fields.varchar("name"), Fields.bigint("day"));
    TestJob job = TestJob.in(folder).parameter("on", "name, day").parameter("output", "ids");
    @Nullable Set<String> expected = null;
    for (int party = 0; party < 3; party++) {
      List<@Nullable Object[]> rows = new ArrayList<>();
      Set<String> keys = new HashSet<>();
      for (int i = 0; i < 2000 / (party + 1); i++) {
        @Nullable String name =
            random.nextInt(20) == 0
                ? null
                : new String(Character.toChars(0x1f600 + random.nextInt(30)));
        long day = random.nextInt(30);
        rows.add(row(name, day));
        if (name != null) {
          keys.add(name + " " + day);
        }
      }
      job.dataset("p" + party, schema, rows);
      if (expected == null) {
        expected = keys;
      } else {
        expected.retainAll(keys);
      }
    }
    List<String> seen = new ArrayList<>();
    job.run(new IntersectApp()).rows("result").forEach(row -> seen.add(row[0] + " " + row[1]));
    assertThat(seen).doesNotHaveDuplicates();
    assertThat(new TreeSet<>(seen)).isEqualTo(new TreeSet<>(expected));
  }

  @ParameterizedTest
  @CsvSource({
    "on,nowhere,INVALID_PARAMETER",
    "on,'id,id',INVALID_PARAMETER",
    "output,everything,INVALID_PARAMETER",
    "output,other=ids,INVALID_PARAMETER",
    "output,columns,INVALID_PARAMETER",
    "columns,a,INVALID_PARAMETER",
    "colums,a,INVALID_PARAMETER"
  })
  void refusesWhatMakesNoSense(String parameter, String value, String reason) throws IOException {
    Outcome outcome =
        job(rows(row(1L, "x")), rows(row(1, "u")))
            .parameter(parameter, value)
            .run(new IntersectApp());

    assertThat(outcome.exitCode()).isNotZero();
    assertThat(outcome.error().path("reason").asText()).isEqualTo(reason);
  }

  @Test
  void aNumberIsNoTextAndAFloatIsNoKey() throws IOException {
    Map<String, Schema> others = new HashMap<>();
    others.put("KEY_TYPES_DIFFER", Fields.schema(Fields.varchar("id")));
    others.put("INVALID_PARAMETER", Fields.schema(Fields.float8("id")));
    for (Map.Entry<String, Schema> other : others.entrySet()) {
      boolean text = other.getKey().equals("KEY_TYPES_DIFFER");
      Object value = text ? "1" : (Object) 1.0;
      Schema left = text ? Fields.schema(Fields.bigint("id")) : other.getValue();
      Outcome outcome =
          TestJob.in(folder.resolve(other.getKey()))
              .dataset("a", left, rows(row(text ? (Object) 1L : value)))
              .dataset("b", other.getValue(), rows(row(value)))
              .parameter("on", "id")
              .run(new IntersectApp());
      assertThat(outcome.error().path("reason").asText()).isEqualTo(other.getKey());
    }
  }

  private TestJob job(List<@Nullable Object[]> a, List<@Nullable Object[]> b) throws IOException {
    return TestJob.in(folder).dataset("a", A, a).dataset("b", B, b).parameter("on", "id");
  }

  private static List<@Nullable Object[]> rows(@Nullable Object[]... rows) {
    return List.of(rows);
  }

  private static @Nullable Object[] row(@Nullable Object... values) {
    return values;
  }
}
