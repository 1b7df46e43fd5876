package io.parley.shim.release;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.parley.agreement.Column;
import io.parley.agreement.ColumnType;
import io.parley.agreement.Queries;
import io.parley.agreement.ResultRule;
import io.parley.agreement.Rounding;
import io.parley.agreement.Shape;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.DecimalVector;
import org.apache.arrow.vector.Float8Vector;
import org.apache.arrow.vector.TinyIntVector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ipc.ArrowFileReader;
import org.apache.arrow.vector.ipc.ArrowFileWriter;
import org.apache.arrow.vector.util.Text;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Schemas and rounding of results, on files as Arrow's own library writes them. */
class TypedResultTest {
  private static final List<Column> COLUMNS =
      List.of(
          new Column("ward", ColumnType.VARCHAR, false),
          new Column("n", ColumnType.BIGINT, false),
          new Column("small", ColumnType.TINYINT, true),
          new Column("mean", ColumnType.DOUBLE, true),
          new Column("cost", ColumnType.decimal(12, 2), true));

  @TempDir Path out;
  private BufferAllocator allocator;

  @BeforeEach
  void open() {
    allocator = new RootAllocator();
  }

  @AfterEach
  void close() {
    allocator.close();
  }

  @Test
  void whatIsOfTheSchemaLeaves() throws IOException {
    write("a", "b");

    Output output = collect(new Shape(0, new TreeMap<>(), COLUMNS));

    assertThat(output.rows()).isEqualTo(2);
    assertThat(rows(output.file()))
        .containsExactly("a|127|127|0.125|1234.56", "b|-3|-3|-1.005|-0.05");
    assertThat(out.resolve("summary.arrow")).doesNotExist();
  }

  @Test
  void numbersAreRoundedToSteps() throws IOException {
    write("a", "b");
    assertThat(rows(collect(rounding(Map.of("*", "5"))).file()))
        .containsExactly("a|125|125|0.0|1235.00", "b|-5|-5|-0.0|0.00");

    write("a", "b");
    assertThat(rows(collect(rounding(Map.of("*", "0.1", "n", "1000"))).file()))
        .containsExactly("a|0|127|0.1|1234.60", "b|0|-3|-1.0|-0.10");

    write("a", "b");
    assertThat(rows(collect(rounding(Map.of("small", "200"))).file()))
        .as("200 is no TINYINT, so towards zero")
        .containsExactly("a|127|0|0.125|1234.56", "b|-3|0|-1.005|-0.05");
  }

  @Test
  void whereJobsWriteTheQueryTheAppHasRounded() throws IOException {
    write("a", "b");

    Output output =
        OutputRules.collect(out, List.of(rule(rounding(Map.of("*", "5")))), Queries.WITHIN_RULES)
            .getFirst();

    assertThat(rows(output.file())).first().isEqualTo("a|127|127|0.125|1234.56");
  }

  @Test
  void anotherNameTypeOrNumberOfColumnsIsRefused() throws IOException {
    write("a", "b");
    List<Column> renamed = new ArrayList<>(COLUMNS);
    renamed.set(1, new Column("count", ColumnType.BIGINT, false));
    assertRefused(renamed, "its column 2 is not 'count' of type BIGINT");

    List<Column> typed = new ArrayList<>(COLUMNS);
    typed.set(4, new Column("cost", ColumnType.decimal(12, 3), true));
    assertRefused(typed, "its column 5 is not 'cost' of type DECIMAL(12,3)");

    assertRefused(COLUMNS.subList(0, 4), "another number of columns than the 4 of the schema");
  }

  @Test
  void aNullWhereNoneMayBeIsRefused() throws IOException {
    write("a", null);

    assertRefused(COLUMNS, "hold a null where none may be");
  }

  @Test
  void formsWithoutTypesAreRefused() throws IOException {
    Files.writeString(out.resolve("summary.csv"), "ward,n\na,1\n");

    assertThatThrownBy(() -> collect(rounding(Map.of("*", "5"))))
        .hasMessageContaining("is csv; with a schema or rounding it must be an Arrow file");
  }

  private void assertRefused(List<Column> schema, String message) throws IOException {
    Files.deleteIfExists(out.resolve("summary.typed"));
    assertThatThrownBy(() -> collect(new Shape(0, new TreeMap<>(), schema)))
        .isInstanceOfSatisfying(
            RefusedException.class, e -> assertThat(e.reason()).isEqualTo(Reason.OUTPUT_RULE))
        .hasMessageContaining(message);
  }

  private static Shape rounding(Map<String, String> steps) {
    TreeMap<String, Rounding> rounding = new TreeMap<>();
    steps.forEach((name, step) -> rounding.put(name, Rounding.parse(step)));
    return new Shape(0, rounding, List.of());
  }

  private static ResultRule rule(Shape shape) {
    return new ResultRule("summary", List.of("a"), 10, shape);
  }

  private Output collect(Shape shape) throws IOException {
    Files.deleteIfExists(out.resolve("summary.typed"));
    return OutputRules.collect(out, List.of(rule(shape)), Queries.FIXED).getFirst();
  }

  private void write(String first, @org.jspecify.annotations.Nullable String second)
      throws IOException {
    Files.deleteIfExists(out.resolve("summary.typed"));
    try (VarCharVector ward = new VarCharVector("ward", allocator);
        BigIntVector n = new BigIntVector("n", allocator);
        TinyIntVector small = new TinyIntVector("small", allocator);
        Float8Vector mean = new Float8Vector("mean", allocator);
        DecimalVector cost = new DecimalVector("cost", allocator, 12, 2);
        VectorSchemaRoot root = VectorSchemaRoot.of(ward, n, small, mean, cost);
        FileChannel file =
            FileChannel.open(
                out.resolve("summary.arrow"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        ArrowFileWriter writer = new ArrowFileWriter(root, null, file)) {
      root.allocateNew();
      ward.setSafe(0, new Text(first));
      if (second != null) {
        ward.setSafe(1, new Text(second));
      }
      n.setSafe(0, 127);
      n.setSafe(1, -3);
      small.setSafe(0, 127);
      small.setSafe(1, -3);
      mean.setSafe(0, 0.125);
      mean.setSafe(1, -1.005);
      cost.setSafe(0, new BigDecimal("1234.56"));
      cost.setSafe(1, new BigDecimal("-0.05"));
      root.setRowCount(2);
      writer.start();
      writer.writeBatch();
      writer.end();
    }
  }

  private List<String> rows(Path file) throws IOException {
    List<String> rows = new ArrayList<>();
    try (FileChannel channel = FileChannel.open(file);
        ArrowFileReader reader = new ArrowFileReader(channel, allocator)) {
      VectorSchemaRoot root = reader.getVectorSchemaRoot();
      while (reader.loadNextBatch()) {
        for (int row = 0; row < root.getRowCount(); row++) {
          List<String> cells = new ArrayList<>();
          for (var vector : root.getFieldVectors()) {
            cells.add(String.valueOf(vector.getObject(row)));
          }
          rows.add(String.join("|", cells));
        }
      }
    }
    return rows;
  }
}
