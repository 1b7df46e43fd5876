package io.parley.shim.gate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.parley.gate.ExpectedColumn;
import io.parley.gate.ExpectedResult;
import io.parley.gate.GateFindings.Finding;
import io.parley.gate.GateLimits;
import io.parley.gate.Tolerance;
import io.parley.shim.arrow.TestTables;
import io.parley.shim.release.ResultFormat;
import io.parley.wire.RefusedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ResultComparisonTest {
  @TempDir Path folder;

  private SeenResult csv(String text) throws Exception {
    return read(ResultFormat.CSV, text.getBytes(java.nio.charset.StandardCharsets.UTF_8));
  }

  private SeenResult json(String text) throws Exception {
    return read(ResultFormat.JSON, text.getBytes(java.nio.charset.StandardCharsets.UTF_8));
  }

  private SeenResult read(ResultFormat format, byte[] bytes) throws Exception {
    Path file = Files.write(folder.resolve("result"), bytes);
    return SeenResults.read(new GateSubject.Left(format, file));
  }

  private static ExpectedColumn column(String name, @Nullable String... cells) {
    return ExpectedColumn.of(name, Tolerance.EXACT, Arrays.asList(cells));
  }

  private static ExpectedColumn near(String name, double absolute, String... cells) {
    return ExpectedColumn.of(name, new Tolerance(absolute, 0), List.of(cells));
  }

  private static List<Finding> compare(
      SeenResult seen, boolean ordered, ExpectedColumn... columns) {
    return ResultComparison.compare(
        new ExpectedResult("r", false, ordered, List.of(columns), columns[0].cells().size()), seen);
  }

  @Test
  void rowsComeInAnyOrderUnlessTheirOrderCounts() throws Exception {
    SeenResult seen = csv("k,v\nb,2\na,1\n");
    assertThat(compare(seen, false, column("k", "a", "b"), near("v", 0.1, "1", "2"))).isEmpty();
    assertThat(compare(seen, true, column("k", "a", "b"), near("v", 0.1, "1", "2"))).hasSize(4);
    assertThat(compare(seen, true, column("k", "b", "a"), near("v", 0.1, "2", "1"))).isEmpty();
  }

  @Test
  void rowsWithEqualKeysArePairedByTheirNumbers() throws Exception {
    SeenResult seen = csv("k,v\na,10\na,9.0\na,2\n");
    assertThat(compare(seen, false, column("k", "a", "a", "a"), near("v", 0.1, "2.05", "9.9", "9")))
        .isEmpty();
    assertThat(compare(seen, false, column("k", "a", "a", "a"), near("v", 0.1, "2", "9", "11")))
        .containsExactly(
            new Finding("result r, row 3, column v", "11 (within 0.1, or 0.0 of it)", "10"));
  }

  @Test
  void columnsAndRowsAreCounted() throws Exception {
    SeenResult seen = csv("k,v\na,1\n");
    assertThat(compare(seen, false, column("v", "1"), column("k", "a")))
        .containsExactly(new Finding("result r, columns", "[v, k]", "[k, v]"));
    assertThat(compare(seen, false, column("k", "a", "b"), column("v", "1", "2")))
        .containsExactly(new Finding("result r, rows", "2", "1"));
  }

  @Test
  void exactMeansTheSameValueOfItsType() throws Exception {
    List<@Nullable Object[]> rows = new ArrayList<>();
    rows.add(TestTables.row(3));
    SeenResult seen = read(ResultFormat.ARROW, TestTables.file(TestTables.everyType(), rows, 10));
    assertThat(seen.rows()).isEqualTo(1);
    List<ExpectedColumn> right =
        seen.columns().stream()
            .map(c -> ExpectedColumn.of(c.name(), Tolerance.EXACT, c.cells()))
            .toList();
    assertThat(compare(seen, true, right.toArray(new ExpectedColumn[0]))).isEmpty();
    for (int i = 0; i < right.size(); i++) {
      List<ExpectedColumn> wrong = new ArrayList<>(right);
      wrong.set(
          i,
          ExpectedColumn.of(
              right.get(i).name(), Tolerance.EXACT, Collections.singletonList("other")));
      assertThat(compare(seen, true, wrong.toArray(new ExpectedColumn[0]))).hasSize(1);
    }
  }

  @Test
  void numbersAreTheSameHoweverTheyAreWritten() {
    assertThat(CellForm.NUMBER.canonical("1.50")).isEqualTo(CellForm.NUMBER.canonical("15e-1"));
    assertThat(CellForm.NUMBER.canonical("0.00")).isEqualTo("0");
    assertThat(CellForm.NUMBER.canonical("1e999999999")).hasSizeLessThan(20);
    assertThat(CellForm.SINGLE.canonical("0.1")).isEqualTo("0.1");
    assertThat(CellForm.REAL.canonical("1e-3")).isEqualTo("0.001");
    assertThat(CellForm.REAL.canonical("inf")).isEqualTo("Infinity");
    assertThat(CellForm.REAL.canonical("0x1p3")).isEqualTo("0x1p3");
    assertThat(CellForm.TIMESTAMP.canonical("2026-01-01 00:00:00.500"))
        .isEqualTo(CellForm.TIMESTAMP.canonical("2026-01-01T00:00:00.5"));
    assertThat(CellForm.TRUTH.canonical("TRUE")).isEqualTo("true");
    assertThat(CellForm.CSV.canonical(null)).isEmpty();
    assertThat(CellForm.CSV.asNumber("1e400x")).isEmpty();
  }

  @Test
  void jsonIsComparedValueByValue() throws Exception {
    SeenResult seen = json("{\"r2\": 0.99500, \"n\": [1, \"1\", null, true, {}, []]}");
    ExpectedResult right =
        new ExpectedResult(
            "r",
            true,
            false,
            List.of(
                column("path", "$.r2", "$.n[0]", "$.n[1]", "$.n[2]", "$.n[3]", "$.n[4]", "$.n[5]"),
                ExpectedColumn.of(
                    "value",
                    new Tolerance(1e-3, 0),
                    Arrays.asList("0.9951", "1", "\"1\"", null, "true", "{}", "[]"))),
            7);
    assertThat(ResultComparison.compare(right, seen)).isEmpty();
    assertThat(
            ResultComparison.compare(right, json("{\"r2\": 0.9, \"n\": [1, 1, 0, true, {}, []]}")))
        .extracting(Finding::what)
        .containsExactly("result r, $.r2", "result r, $.n[1]", "result r, $.n[2]");
  }

  @Test
  void csvAsOtherProgramsWriteIt() throws Exception {
    SeenResult seen = csv("\"a\",b\r\n\"x, \"\"y\"\"\nz\",\r\n1,2\r\n");
    assertThat(compare(seen, true, column("a", "x, \"y\"\nz", "1"), column("b", null, "2")))
        .isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "a,a\n1,2\n", "a,b\n1\n", "a\n\"x\"y\n", "a\n\"x"})
  void brokenCsvIsNoTable(String text) {
    assertThatThrownBy(() -> csv(text)).isInstanceOf(RefusedException.class);
  }

  @Test
  void ofAThousandDifferencesAFewAreTold() throws Exception {
    String[] cells = Collections.nCopies(900, "1").toArray(new String[0]);
    SeenResult seen = csv("a\n" + "2\n".repeat(900));
    assertThat(compare(seen, true, column("a", cells))).hasSize(GateLimits.FINDINGS_MAX);
  }

  @Test
  void aNullIsNoNumber() throws Exception {
    List<@Nullable Object[]> rows = new ArrayList<>();
    rows.add(new @Nullable Object[] {1L, null});
    SeenResult seen =
        read(ResultFormat.ARROW, TestTables.file(io.parley.shim.TestWorld.CLAIMS, rows, 10));
    assertThat(compare(seen, true, column("patient", "1"), near("amount", 1e300, "0")))
        .containsExactly(
            new Finding(
                "result r, row 1, column amount", "0 (within 1.0E300, or 0.0 of it)", "null"));
  }
}
