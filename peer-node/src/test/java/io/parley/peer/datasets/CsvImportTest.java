package io.parley.peer.datasets;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.parley.agreement.Column;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CsvImportTest {
  private static final String ALL_TYPES =
      "text VARCHAR, whole BIGINT, small TINYINT, real DOUBLE, exact DECIMAL(18,4), day DATE, moment TIMESTAMP, flag BOOLEAN";

  @TempDir Path folder;
  private Tables tables;

  @BeforeEach
  void start() {
    tables = new Tables(folder);
  }

  /** Whole files as people write them: DuckDB, asked for the same columns, reads the same. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "a,b\n\"\",x\n,y\nz,\"\"\n",
        "a,b\r\nx,1\r\ny,2",
        "a,b\rx,1\ry,2\r",
        "\ufeffa,b\nx,1\n",
        "a,b\nx,1\n\n\ny,2\n\n",
        "a,b\n\"x\ny\",1\n",
        "a,b\n\"x\r\ny\",1\n",
        "a,b\n\"x,\"\"y\"\"\",1\n",
        "a,b\n x , 1 \n",
        "a,b\n\" x \",\" 1 \"\n",
        "a,b\nte\"xt,1\n",
        "a,b\n\u00e4\u20ac\ud83d\ude00\u0000,1\n",
        "a,b\n,\n",
        "a,b\n",
        "b,a\n1,x\n",
        "a;b\n1,5;2\n",
        "a\tb\n1,5\t2\n",
        "a|b\n1,5|2\n"
      })
  void readsTheSameAsDuckDb(String text) throws Exception {
    boolean swapped = text.startsWith("b,");
    List<Column> columns =
        Tables.columns(swapped ? "b VARCHAR, a VARCHAR" : "a VARCHAR, b VARCHAR");
    Path file = tables.file(text);
    assertThat(tables.imported(DatasetImport.Format.CSV, file, columns, new ArrayList<>()))
        .isEqualTo(Tables.duckdb(file, "", columns));
  }

  @ParameterizedTest
  @ValueSource(strings = {"a\nx\n\n\"\"\ny\n", "a\n\n", "a\nx"})
  void anEmptyLineOfOneColumnIsARowAsInDuckDb(String text) throws Exception {
    List<Column> columns = Tables.columns("a VARCHAR");
    Path file = tables.file(text);
    assertThat(tables.imported(DatasetImport.Format.CSV, file, columns, new ArrayList<>()))
        .isEqualTo(Tables.duckdb(file, ", delim = ','", columns));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      value = {
        "DOUBLE        | 1e5 -0 -0.0 0.0 1E-3 .5 5. +1 NaN nan inf -Infinity 1e-400 1e400 \"\" \" 1.5 \" 0.1 1.7976931348623157e308 4.9e-324",
        "FLOAT         | 1e5 -0 0.1 3.4028235e38 NaN -inf \"\"",
        "DECIMAL(10,2) | 1.00 1 -0 +1.5 .5 5. 1e2 12345678.12 -0.01 \"\"",
        "BIGINT        | +1 -0 007 9223372036854775807 -9223372036854775808 \"\"",
        "INTEGER       | 2147483647 -2147483648 \"\"",
        "SMALLINT      | 32767 -32768",
        "TINYINT       | 127 -128",
        "DATE          | 2026-03-31 0001-01-01 1969-12-31 9999-12-31 2024-02-29 \"\"",
        "TIMESTAMP     | 2026-03-31 2026-03-31T14:05:59 2026-03-31T14:05:59.5 2026-03-31T14:05 1969-12-31T23:59:59.999999 \"2026-03-31 14:05:59.123456\" 1582-10-10T00:00:00 \"\"",
        "BOOLEAN       | true TRUE t 1 False 0 f \"\"",
      })
  void readsValuesAsDuckDbDoes(String type, String values) throws Exception {
    List<Column> columns = Tables.columns("a %s, b BIGINT".formatted(type));
    StringBuilder text = new StringBuilder("a,b\n");
    int row = 0;
    for (String value : values.split(" (?=(?:[^\"]*\"[^\"]*\")*[^\"]*$)", -1)) {
      text.append(value).append(',').append(row++).append('\n');
    }
    Path file = tables.file(text.toString());
    List<List<String>> rows =
        tables.imported(DatasetImport.Format.CSV, file, columns, new ArrayList<>());
    assertThat(rows).hasSize(row).isEqualTo(Tables.duckdb(file, "", columns));
  }

  /** DuckDB rounds, cuts or reads something else here; an import must not. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      value = {
        "DECIMAL(10,2) | 1.005        | at most 2 digits after the point",
        "DECIMAL(10,2) | 123456789.12 | at most 8 digits before the point",
        "DECIMAL(10,2) | 1e999999999  | expected a number",
        "INTEGER       | 1.5          | expected a whole number, came '1.5'",
        "INTEGER       | 1e3          | expected a whole number",
        "INTEGER       | 2147483648   | from -2147483648 to 2147483647",
        "BIGINT        | 9223372036854775808 | expected a whole number from",
        "DOUBLE        | 1_000        | expected a number",
        "DOUBLE        | 1d           | expected a number",
        "DOUBLE        | 0x10         | expected a number",
        "DOUBLE        | \"1,5\"      | expected a number, came '1,5'",
        "FLOAT         | 1e39         | within the range of FLOAT",
        "DATE          | 31/03/2026   | expected a date like",
        "DATE          | 2026-3-1     | expected a date like",
        "DATE          | 2026-02-30   | expected a date like",
        "DATE          | 2026-03-31 00:00:00 | expected a date like",
        "TIMESTAMP     | 2026-03-31 14:05:59.1234567 | at most 6 digits",
        "TIMESTAMP     | 2026-03-31 14:05:59Z | without a time zone",
        "TIMESTAMP     | 2026-03-31 14:05:59+02 | without a time zone",
        "TIMESTAMP     | 2026-03-31 24:00:00 | expected a timestamp",
        "BOOLEAN       | yes          | expected true or false",
      })
  void whatDoesNotFitIsRefusedWithFileLineAndColumn(String type, String value, String problem) {
    assertThatThrownBy(() ->
            tables.csv(
                "a,b\n,\"1\n2\"\n%s,3\n".formatted(value), "a %s, b VARCHAR".formatted(type)))
        .isInstanceOfSatisfying(
            RefusedException.class,
            e -> {
              assertThat(e.reason()).isEqualTo(Reason.INVALID_DATASET);
              // The second record takes two lines.
              assertThat(e.metadata())
                  .containsEntry("file", "file.csv")
                  .containsEntry("line", "4")
                  .containsEntry("column", "a");
            })
        .hasMessageStartingWith("file.csv, line 4, column 'a': ")
        .hasMessageContaining(problem);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      value = {
        "a,b%n1,2%n1%n              | line 3 | expected 2 fields, as the header has, came 1",
        "a,b%n1,2,3%n              | line 2 | came 3",
        "a,b%n1,\"te\"xt%n         | line 2 | not CSV",
        "a,b%nx,y%n1,\"open%n%n%n  | line 3 | not CSV",
        "a,a%n1,2%n                | line 1, column 'a' | names this column twice",
        "a,%n1,2%n                 | line 1 | column 2 of the header has no name",
        "a,c%n1,2%n                | line 1 | no 'b'",
        "a,B%n1,2%n                | line 1 | did you mean 'B'",
      })
  void aBrokenFileIsRefusedWithItsLine(String text, String place, String problem) {
    assertThatThrownBy(() -> tables.csv(text.replace("%n", "\n"), "a VARCHAR, b VARCHAR"))
        .isInstanceOf(RefusedException.class)
        .hasMessageStartingWith("file.csv, " + place)
        .hasMessageContaining(problem);
  }

  @Test
  void longTextsMakeManyBatches() throws Exception {
    StringBuilder text = new StringBuilder("n,t\n");
    for (int i = 0; i < 500; i++) {
      text.append(i).append(',').append("ä".repeat(40000 + i)).append('\n');
    }
    List<List<String>> rows = tables.csv(text.toString(), "n INTEGER, t VARCHAR");
    assertThat(rows).hasSize(500);
    assertThat(rows.get(499).get(1)).hasSize(40499);
  }

  @Test
  void emptyFilesAndBytesThatAreNoTextAreRefused() throws Exception {
    assertThatThrownBy(() -> tables.csv("", "a VARCHAR")).hasMessageContaining("file is empty");
    assertThatThrownBy(() -> tables.csv("\ufeff", "a VARCHAR")).hasMessageContaining("is empty");
    Path utf16 = tables.file("a,b\n1,2\n".getBytes(StandardCharsets.UTF_16));
    assertThatThrownBy(() -> imported(utf16)).hasMessageContaining("UTF-16");
    Path latin = tables.file("a\nx\nM\u00fcnchen\n".getBytes(StandardCharsets.ISO_8859_1));
    assertThatThrownBy(() -> imported(latin))
        .hasMessageContaining("line 3, column 'a'")
        .hasMessageContaining("UTF-8");
  }

  private List<List<String>> imported(Path file) throws Exception {
    return tables.imported(
        DatasetImport.Format.CSV, file, Tables.columns("a VARCHAR"), new ArrayList<>());
  }

  @Test
  void whatIsNotNullMustBeThere() {
    for (String nothing : List.of("", "\"\"")) {
      assertThatThrownBy(
              () -> tables.csv("a,b\n" + nothing + ",1\n", "a VARCHAR NOT NULL, b BIGINT"))
          .hasMessageContaining("line 2, column 'a'")
          .hasMessageContaining("NOT NULL");
    }
  }

  @Test
  void aHeaderAloneIsADatasetWithoutRowsAndUnicodeNamesAreNames() throws Exception {
    assertThat(tables.csv("a,b\n", "a VARCHAR, b BIGINT")).isEmpty();
    assertThat(tables.csv("stra\u00dfe,\u6570\nx,1\n", "\u6570 BIGINT, stra\u00dfe VARCHAR"))
        .containsExactly(List.of("1", "x"));
  }

  @Test
  void recordsAndFieldsHaveLimits() {
    String text = "x".repeat(CsvRecords.RECORD_BYTES_MAX);
    assertThatThrownBy(() -> tables.csv("a,b\n\"" + text + "\",\"" + text, "a VARCHAR, b VARCHAR"))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("line 2");
    assertThatThrownBy(() -> tables.csv("a,b\n" + text + "," + text + "\n", "a VARCHAR, b VARCHAR"))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("line 2");
    assertThatThrownBy(() -> tables.csv("a" + ",".repeat(CsvRecords.FIELDS_MAX), "a VARCHAR"))
        .hasMessageContaining("more than 4096 fields");
  }

  @Test
  void findsTheNarrowestTypes() throws Exception {
    List<Column> kept = new ArrayList<>();
    List<List<String>> rows =
        tables.imported(
            DatasetImport.Format.CSV,
            tables.file(
                "i,d,t,day,at,b,none\n1,1,x,2026-01-01,2026-01-01 10:00,true,\n2,1.5,1,2026-01-02,2026-01-02,0,\"\"\n"),
            List.of(),
            kept);
    assertThat(kept.stream().map(c -> c.name() + " " + c.type().sql()))
        .containsExactly(
            "i BIGINT",
            "d DOUBLE",
            "t VARCHAR",
            "day DATE",
            "at TIMESTAMP",
            "b BOOLEAN",
            "none VARCHAR");
    assertThat(rows).hasSize(2);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void generatedFilesReadAsInDuckDb(long seed) throws Exception {
    List<Column> columns = Tables.columns(ALL_TYPES);
    Path file = tables.file(new Nasty(seed).file(400));
    assertThat(tables.imported(DatasetImport.Format.CSV, file, columns, new ArrayList<>()))
        .as("seed %d", seed)
        .isEqualTo(
            Tables.duckdb(
                file, ", auto_detect = false, delim = ',', quote = '\"', escape = '\"'", columns));
  }

  /** Makes files that are hard to read, the same ones for a seed. */
  private static final class Nasty {
    private static final List<String> TEXTS =
        List.of(
            "",
            " ",
            "x",
            "a,b",
            "say \"hi\"",
            "\"",
            "line\nbreak",
            "carriage\r\nreturn",
            "NULL",
            "null",
            "\u00e4\u00f6\u20ac",
            "\ud83d\ude00",
            "'",
            ";",
            "\t",
            "#no comment",
            "\\",
            "0");
    private final Random random;

    Nasty(long seed) {
      random = new Random(seed);
    }

    String file(int rows) {
      String end = random.nextBoolean() ? "\n" : "\r\n";
      StringBuilder text = new StringBuilder(random.nextBoolean() ? "\ufeff" : "");
      text.append("text,whole,small,real,exact,day,moment,flag");
      for (int row = 0; row < rows; row++) {
        text.append(end)
            .append(quoted(one(TEXTS)))
            .append(',')
            .append(maybe(Long.toString(random.nextLong())))
            .append(',')
            .append(maybe(Integer.toString(random.nextInt(256) - 128)))
            .append(',')
            .append(maybe(real()))
            .append(',')
            .append(maybe(exact()))
            .append(',')
            .append(maybe(day()))
            .append(',')
            .append(maybe(day() + one(List.of("T", " ")) + time()).strip())
            .append(',')
            .append(maybe(one(List.of("true", "false", "t", "F", "1", "0"))).strip());
      }
      return text.append(random.nextBoolean() ? end : "").toString();
    }

    private String one(List<String> values) {
      return values.get(random.nextInt(values.size()));
    }

    private String quoted(String value) {
      return value.matches("(?s).*[,\"\r\n].*") || random.nextBoolean()
          ? '"' + value.replace("\"", "\"\"") + '"'
          : value;
    }

    /** Nothing, or the value: as it is, quoted, or with blanks around it. */
    private String maybe(String value) {
      return switch (random.nextInt(8)) {
        case 0 -> "";
        case 1 -> "\"\"";
        case 2 -> " " + value + " ";
        case 3 -> '"' + value + '"';
        default -> value;
      };
    }

    private String real() {
      return switch (random.nextInt(4)) {
        case 0 -> "-0.0";
        case 1 -> random.nextInt(100) + "e" + (random.nextInt(40) - 20);
        case 2 -> Double.toString(Double.longBitsToDouble(random.nextLong() & ~(1L << 62)));
        default -> Double.toString(random.nextGaussian());
      };
    }

    private String exact() {
      return (random.nextBoolean() ? "-" : "")
          + random.nextLong(100_000_000_000_000L)
          + "."
          + random.nextInt(10_000);
    }

    private String day() {
      return "%04d-%02d-%02d"
          .formatted(1 + random.nextInt(9999), 1 + random.nextInt(12), 1 + random.nextInt(28));
    }

    private String time() {
      String minutes = "%02d:%02d".formatted(random.nextInt(24), random.nextInt(60));
      String fraction = Integer.toString(random.nextInt(1_000_000));
      return switch (random.nextInt(3)) {
        case 0 -> minutes;
        case 1 -> minutes + ":%02d".formatted(random.nextInt(60));
        default -> minutes + ":%02d.%s".formatted(random.nextInt(60), fraction);
      };
    }
  }
}
