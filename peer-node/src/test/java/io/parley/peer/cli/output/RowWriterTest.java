package io.parley.peer.cli.output;

import static org.assertj.core.api.Assertions.assertThat;

import io.parley.peer.cli.output.RowWriter.Column;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class RowWriterTest {
  private static final List<Column> COLUMNS =
      List.of(Column.text("ward"), Column.number("n"), Column.number("total"), Column.text("at"));

  @Test
  void tablesAlignNumbersRightAndShowNulls() {
    assertThat(written(OutputFormat.TABLE))
        .isEqualTo(
            """
            ward      n  total  at
            ------  ---  -----  -------------------
            A         2   1.50  2026-01-02T03:04:05
            NULL    100   NULL  2026-01-02
            München  -1  10.00  NULL
            """
                .replace("------  ---", "-------  ---")
                .replace("ward      n", "ward       n")
                .replace("A         2", "A          2")
                .replace("NULL    100", "NULL     100")
                .replace("München  -1", "München   -1"));
  }

  @Test
  void csvIsRfc4180AndTellsNullFromEmpty() {
    assertThat(
            text(
                OutputFormat.CSV,
                List.of(Column.text("a,b"), Column.text("c")),
                Arrays.asList("x\"y", null),
                Arrays.asList("line\nbreak", "")))
        .isEqualTo("\"a,b\",c\r\n\"x\"\"y\",\r\n\"line\nbreak\",\"\"\r\n");
  }

  @Test
  void jsonIsAnArrayOfObjectsWithAllDigits() {
    assertThat(
            text(
                OutputFormat.JSON,
                List.of(Column.number("d"), Column.number("f"), Column.text("t")),
                Arrays.asList(new BigDecimal("12345678901234567890.100"), 0.1, null),
                Arrays.asList(null, Double.NaN, "\u00fc\n")))
        .isEqualTo(
            "[\n{\"d\":12345678901234567890.100,\"f\":0.1,\"t\":null},\n"
                + "{\"d\":null,\"f\":\"NaN\",\"t\":\"\u00fc\\n\"}\n]\n");
  }

  @Test
  void anEmptyResultIsStillWellFormed() {
    List<Column> one = List.of(Column.text("a"));
    assertThat(text(OutputFormat.JSON, one)).isEqualTo("[]\n");
    assertThat(text(OutputFormat.CSV, one)).isEqualTo("a\r\n");
    assertThat(text(OutputFormat.TABLE, one)).isEqualTo("a\n-\n");
  }

  @Test
  void whatOthersWroteCannotDriveTheTerminal() {
    assertThat(text(OutputFormat.TABLE, List.of(Column.text("a")), List.of("\u001b[2Jgone\u202e")))
        .doesNotContain("\u001b")
        .doesNotContain("\u202e")
        .contains("\\u001b[2Jgone\\u202e");
  }

  @Test
  void wideLettersAndMarksKeepColumnsInLine() {
    String table =
        text(
            OutputFormat.TABLE,
            List.of(Column.text("a"), Column.text("b")),
            List.of("日本", "x"),
            List.of("e\u0301", "x"));
    assertThat(table.lines().toList().get(2)).isEqualTo("日本  x");
    assertThat(table.lines().toList().get(3)).isEqualTo("e\u0301     x");
  }

  @Test
  void aTableLongerThanItsSampleKeepsComing() {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (RowWriter writer = OutputFormat.TABLE.writer(print(out))) {
      writer.begin(List.of(Column.number("n")));
      for (int i = 0; i < 2500; i++) {
        writer.row(List.of(i));
      }
    }
    assertThat(out.toString(StandardCharsets.UTF_8).lines()).hasSize(2502).endsWith("2499");
  }

  @Test
  void csvResultsBecomeTablesAndNothingIsLost() throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ResultForm.JSON.write(stream("a,b\r\n\"x,\"\"y\",\r\n1,\"\"\r\n"), "csv", print(out));
    assertThat(out.toString(StandardCharsets.UTF_8))
        .isEqualTo("[\n{\"a\":\"x,\\\"y\",\"b\":null},\n{\"a\":\"1\",\"b\":\"\"}\n]\n");
  }

  @Test
  void jsonResultsBecomeTablesWithExactNumbers() throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ResultForm.TABLE.write(
        stream("[{\"k\":\"x\",\"v\":1.10},{\"k\":\"y\",\"v\":null}]"), "json", print(out));
    assertThat(out.toString(StandardCharsets.UTF_8))
        .isEqualTo("k  v\n-  ----\nx  1.10\ny  NULL\n".replace("k  v\n", "k     v\n"));
  }

  private static String written(OutputFormat format) {
    return text(
        format,
        COLUMNS,
        Arrays.asList("A", 2L, new BigDecimal("1.50"), LocalDateTime.of(2026, 1, 2, 3, 4, 5)),
        Arrays.asList(null, 100L, null, LocalDate.of(2026, 1, 2)),
        Arrays.asList("München", -1L, new BigDecimal("10.00"), null));
  }

  private static String text(OutputFormat format, List<Column> columns, List<?>... rows) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (RowWriter writer = format.writer(print(out))) {
      writer.begin(columns);
      for (List<?> row : rows) {
        writer.row(row);
      }
    }
    return out.toString(StandardCharsets.UTF_8);
  }

  private static PrintStream print(ByteArrayOutputStream out) {
    return new PrintStream(out, true, StandardCharsets.UTF_8);
  }

  private static ByteArrayInputStream stream(String text) {
    return new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8));
  }
}
