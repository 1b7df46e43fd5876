package io.parley.shim.arrow;

import static org.assertj.core.api.Assertions.assertThat;

import io.parley.agreement.Column;
import io.parley.agreement.ColumnType;
import java.io.ByteArrayOutputStream;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DrawnColumnsTest {
  private final Random random = new Random(7);

  private byte[] drawn(byte[] file, List<Column> columns, Set<String> names) {
    TableSchema schema = TableSchema.of(columns);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ArrowWriter writer = ArrowWriter.file(schema, TestTables.sink(out));
    ArrowFile.open(TestTables.bytes(file), schema, new Table("t", "p"))
        .read(piece -> {}, new DrawnColumns(schema, names, random, writer));
    writer.finish();
    // Read by our own reader too, which checks all of it.
    return TestTables.rewritten(out.toByteArray(), columns);
  }

  private static List<@Nullable Object> column(List<@Nullable Object[]> rows, int column) {
    List<@Nullable Object> cells = new ArrayList<>();
    rows.forEach(row -> cells.add(row[column]));
    return cells;
  }

  private static Set<Object> different(List<@Nullable Object> cells) {
    return cells.stream().filter(Objects::nonNull).collect(Collectors.toSet());
  }

  @ParameterizedTest
  @ValueSource(ints = {40, 13, 1})
  void everyTypeHasOtherValues(int batchRows) {
    List<Column> columns = TestTables.everyType();
    byte[] file = TestTables.file(columns, TestTables.someRows(40), batchRows);
    List<@Nullable Object[]> before = TestTables.rowsOfFile(file);
    for (int i = 0; i < columns.size(); i++) {
      List<@Nullable Object[]> after =
          TestTables.rowsOfFile(drawn(file, columns, Set.of(columns.get(i).name())));
      assertThat(after).hasSize(40);
      for (int j = 0; j < columns.size(); j++) {
        if (j != i) {
          assertThat(column(after, j)).isEqualTo(column(before, j));
        }
      }
      List<@Nullable Object> drawn = column(after, i);
      assertThat(drawn).as(columns.get(i).name()).isNotEqualTo(column(before, i)).containsNull();
      if (batchRows == 40 && columns.get(i).type() != ColumnType.BOOLEAN) {
        assertThat(different(drawn)).doesNotContainAnyElementsOf(different(column(before, i)));
        assertThat(different(drawn)).hasSizeGreaterThan(1);
      }
      if (batchRows == 40) {
        assertThat(different(drawn).size()).isNotEqualTo(different(column(before, i)).size());
        assertThat(Collections.frequency(drawn, null))
            .isNotEqualTo(Collections.frequency(column(before, i), null));
      }
    }
  }

  /** No null where none may be: our own reader refuses one. */
  @Test
  void whatHasNoNullsGetsNone() {
    List<Column> columns =
        TestTables.everyType().stream()
            .map(column -> new Column(column.name(), column.type(), false))
            .toList();
    byte[] file = TestTables.file(columns, List.of(TestTables.row(1), TestTables.row(2)), 9);
    Set<String> all = columns.stream().map(Column::name).collect(Collectors.toSet());
    for (int i = 0; i < 200; i++) {
      assertThat(TestTables.lists(TestTables.rowsOfFile(drawn(file, columns, all))))
          .hasSize(2)
          .allSatisfy(row -> assertThat(row).doesNotContainNull());
    }
  }

  @Test
  void aTableWithoutRowsHasNoneAfterwards() {
    List<Column> columns = TestTables.everyType();
    Set<String> all = columns.stream().map(Column::name).collect(Collectors.toSet());
    byte[] file = TestTables.file(columns, List.of(), 1);
    assertThat(TestTables.rowsOfFile(drawn(file, columns, all))).isEmpty();
  }

  @Test
  void typesWithFewValuesAreDrawnInFull() {
    List<Column> columns =
        List.of(
            new Column("tiny", ColumnType.TINYINT, false),
            new Column("digit", ColumnType.decimal(1, 0), false),
            new Column("long", ColumnType.decimal(38, 38), false));
    List<@Nullable Object[]> rows = new ArrayList<>();
    for (int i = 0; i < 3000; i++) {
      rows.add(
          new @Nullable Object[] {
            (byte) i, BigDecimal.valueOf(i % 19 - 9), BigDecimal.valueOf(i, 38)
          });
    }
    Set<String> all = Set.of("tiny", "digit", "long");
    byte[] file = TestTables.file(columns, rows, 3000);
    Set<Object> bytes = new HashSet<>();
    for (int i = 0; i < 20; i++) {
      List<@Nullable Object[]> after = TestTables.rowsOfFile(drawn(file, columns, all));
      bytes.addAll(different(column(after, 0)));
      assertThat(different(column(after, 0))).hasSizeLessThan(256);
      assertThat(different(column(after, 1))).hasSizeBetween(2, 18);
    }
    assertThat(bytes).hasSize(256);
  }
}
