package io.parley.peer.datasets;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.parley.agreement.Column;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ParquetImportTest {
  private static final String TYPED =
      "SELECT 'x\u20ac' AS \"t\u00e4xt\", 1::BIGINT AS whole, 0.5::DOUBLE AS real, 1.2345::DECIMAL(18,4) AS exact, DATE '1969-12-31' AS day, TIMESTAMP '2026-03-31 14:05:59.123456' AS moment, true AS flag UNION ALL SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL";

  @TempDir Path folder;
  private Tables tables;

  @BeforeEach
  void start() {
    tables = new Tables(folder);
  }

  private Path parquet(String select) throws Exception {
    Path file = folder.resolve("source.parquet");
    Tables.sql("COPY (%s) TO '%s' (FORMAT parquet)".formatted(select, file));
    return file;
  }

  private List<List<String>> read(Path file, List<Column> wanted, List<Column> kept)
      throws Exception {
    return tables.imported(DatasetImport.Format.PARQUET, file, wanted, kept);
  }

  @Test
  void keepsEveryTypeAndNothings() throws Exception {
    List<Column> kept = new ArrayList<>();
    assertThat(read(parquet(TYPED), List.of(), kept))
        .containsExactly(
            List.of("x\u20ac", "1", "0.5", "1.2345", "-1", "1774965959123456", "true"),
            List.of("NULL", "NULL", "NULL", "NULL", "NULL", "NULL", "NULL"));
    assertThat(kept.stream().map(c -> c.name() + " " + c.type().sql()))
        .containsExactly(
            "t\u00e4xt VARCHAR",
            "whole BIGINT",
            "real DOUBLE",
            "exact DECIMAL(18,4)",
            "day DATE",
            "moment TIMESTAMP",
            "flag BOOLEAN");
  }

  @Test
  void anEmptyTableIsADatasetWithoutRows() throws Exception {
    Path file = parquet("SELECT 1::INTEGER AS a WHERE false");
    assertThat(read(file, Tables.columns("a INTEGER"), new ArrayList<>())).isEmpty();
  }

  @Test
  void onlyWhatIsWantedIsKeptAndWiderTypesHoldAll() throws Exception {
    Path file = parquet("SELECT 7::INTEGER AS a, 'x' AS b, 1.5::DECIMAL(4,1) AS c");
    assertThat(read(file, Tables.columns("c DECIMAL(10,2), a BIGINT"), new ArrayList<>()))
        .containsExactly(List.of("1.50", "7"));
  }

  @Test
  void everyWrongColumnIsNamed() throws Exception {
    Path file = parquet("SELECT 7::BIGINT AS amount, 'x' AS name");
    assertThatThrownBy(
            () -> read(file, Tables.columns("amount INTEGER, nmae VARCHAR"), new ArrayList<>()))
        .isInstanceOfSatisfying(
            RefusedException.class, e -> assertThat(e.reason()).isEqualTo(Reason.INVALID_DATASET))
        .hasMessageContaining("column 'amount': expected INTEGER, came BIGINT")
        .hasMessageContaining("no column 'nmae'; did you mean 'name'?");
    assertThatThrownBy(() -> read(parquet("SELECT [1, 2] AS list"), List.of(), new ArrayList<>()))
        .hasMessageContaining("column 'list'");
  }

  @Test
  void whatIsNotNullMustBeThere() throws Exception {
    Path file = parquet("SELECT NULL::INTEGER AS a");
    assertThatThrownBy(() -> read(file, Tables.columns("a INTEGER NOT NULL"), new ArrayList<>()))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("'a'");
  }

  @Test
  void longTextsMakeManyBatches() throws Exception {
    Path file = parquet("SELECT i AS n, repeat('ä', 40000 + i::INTEGER) AS t FROM range(500) r(i)");
    List<List<String>> rows = read(file, List.of(), new ArrayList<>());
    assertThat(rows).hasSize(500);
    assertThat(rows.get(499).get(0)).isEqualTo("499");
    assertThat(rows.get(499).get(1)).hasSize(40499);
  }

  @Test
  void whatIsNoParquetIsRefused() throws Exception {
    for (String text : List.of("", "PAR1", "a,b\n1,2\n", "PAR1" + "x".repeat(100) + "PAR1")) {
      assertThatThrownBy(() -> read(tables.file(text), List.of(), new ArrayList<>()))
          .isInstanceOf(RefusedException.class)
          .hasMessageContaining("file.csv");
    }
  }
}
