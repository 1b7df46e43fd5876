package io.parley.shim.release;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.parley.shim.arrow.TestTables;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.apache.arrow.flatbuf.Footer;
import org.apache.arrow.flatbuf.Message;
import org.apache.arrow.flatbuf.RecordBatch;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RowCountsTest {
  private static final int ROWS = 25;

  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      ignoreLeadingAndTrailingWhitespace = false,
      value = {
        "''|0",
        "a|0",
        "a\\n|0",
        "a\\n1|1",
        "a\\n1\\n|1",
        "a\\r\\n1\\r\\n2|2",
        "a\\r1\\r2\\r|2",
        "a\\n\\n\\n|2",
        "a\\n\"x\\ny\"\\n|1",
        "a\\n\"x\"\"\\ny\"\\n|1",
        "a,b\\n1,2\\n3,4\\n|2",
        "a\\n,\\n|1",
        "\"a\"\\n\"\"|1",
        "a\\r\\n\\r\\n|1",
        "a\\n1\\r|1",
        "a\\n1\\r\\r\\n|2"
      })
  void csvRecordsAfterTheHeaderAreRows(String csv, int rows) throws IOException {
    assertThat(count(ResultFormat.CSV, csv.replace("\\n", "\n").replace("\\r", "\r")))
        .isEqualTo(rows);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"a\n\"x", "a\n\"x\"y", "a\nx\"y", "a\n\"x\" ,", "\"", "a\n\"x\"\"", "\"a\"\"\n"})
  void quotesThatReadersTakeDifferentlyAreRefused(String csv) {
    assertRefused(ResultFormat.CSV, csv.getBytes(UTF_8));
  }

  @Test
  void csvCountsAreTheSameWhereverThePiecesEnd() {
    byte[] csv = "a,b\r\n\"x\r\n\"\"y\",1\r2\n\n\"\"\r\n".getBytes(UTF_8);
    CsvRecords whole = new CsvRecords();
    whole.take(csv, csv.length);
    CsvRecords pieces = new CsvRecords();
    for (byte b : csv) {
      pieces.take(new byte[] {b, '"'}, 1);
    }
    assertThat(pieces.end()).isEqualTo(whole.end()).isEqualTo(5);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{}|1",
        "7|1",
        "[]|1",
        "[1]|1",
        "[1,2,3]|3",
        "{\"a\":[1,2],\"b\":[1,2,3]}|3",
        "[[1,2,3],[1]]|3",
        "[{\"a\":[]},{\"a\":[1,2,3,4]}]|4",
        "{\"a\":{\"b\":[1,2]}}|2",
        "[[],[],[[1,2],[]]]|3",
        "{\"a\":[1,2],\"a\":[1,2,3]}|3"
      })
  void theLongestArrayOfJsonIsItsRows(String json, int rows) throws IOException {
    assertThat(count(ResultFormat.JSON, json)).isEqualTo(rows);
  }

  @Test
  void jsonThatIsNestedTooDeeplyOrNoneIsRefused() {
    assertRefused(ResultFormat.JSON, "[".repeat(1_000_000).getBytes(UTF_8));
    assertRefused(ResultFormat.JSON, "[1,2".getBytes(UTF_8));
    assertRefused(ResultFormat.JSON, "[1]\n[2]".getBytes(UTF_8));
    assertRefused(ResultFormat.JSON, new byte[0]);
  }

  @Test
  void rowsOfAllBatchesOfAnArrowFileCount() throws IOException {
    assertThat(count(ResultFormat.ARROW, arrow())).isEqualTo(ROWS);
    assertThat(count(ResultFormat.ARROW, TestTables.file(TestTables.everyType(), List.of(), 1)))
        .isZero();
  }

  @Test
  void nestedColumnsMayHaveMoreValuesThanRows() throws IOException {
    Field list =
        new Field(
            "l",
            FieldType.nullable(new ArrowType.List()),
            List.of(Field.nullable("i", new ArrowType.Int(32, true))));
    Field flat = Field.nullable("f", new ArrowType.Int(32, true));
    byte[] file = TestTables.file(List.of(list, flat), List.of(), 1, root -> {});

    assertThat(count(ResultFormat.ARROW, file)).isZero();
  }

  @Test
  void aBatchThatNamesFewerRowsThanItsColumnsHaveIsRefused() {
    byte[] file = arrow();
    RecordBatch batch = batch(file, 0);
    long rows = batch.length();
    setLong(batch.getByteBuffer(), rows, 1, () -> batch.length() == 1);
    assertThat(batch.nodes(0).length()).isEqualTo(rows);

    assertRefused(ResultFormat.ARROW, file);
  }

  @ParameterizedTest
  @ValueSource(longs = {-1, Long.MIN_VALUE, Long.MAX_VALUE, Long.MAX_VALUE - 1000, 1L << 32})
  void aBodyThatIsLongerThanTheFileIsRefused(long length) {
    // The sum of place and length must not turn around and look small.
    byte[] file = arrow();
    int last = footer(file).recordBatchesLength() - 1;
    Message message = message(file, last);
    long real = message.bodyLength();
    setLong(message.getByteBuffer(), real, length, () -> message.bodyLength() == length);

    assertRefused(ResultFormat.ARROW, file);
  }

  @Test
  void bytesBetweenTheLastBatchAndTheFooterAreRefused() {
    byte[] file = arrow();
    int footerBytes = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).getInt(file.length - 10);
    int at = file.length - 10 - footerBytes;
    byte[] longer = Arrays.copyOf(file, file.length + 64);
    System.arraycopy(file, at, longer, at + 64, file.length - at);

    assertRefused(ResultFormat.ARROW, longer);
  }

  @Test
  void anArrowFileThatIsCutAnywhereIsRefused() {
    byte[] file = arrow();
    for (int length = 0; length < file.length; length++) {
      assertRefused(ResultFormat.ARROW, Arrays.copyOf(file, length));
    }
  }

  @Test
  void anArrowFileWithBytesChangedIsRefusedOrCounted() throws IOException {
    byte[] file = arrow();
    Random random = new Random(27);
    int refused = 0;
    for (int round = 0; round < 3000; round++) {
      byte[] changed = file.clone();
      int at = random.nextInt(file.length);
      Arrays.fill(changed, at, Math.min(file.length, at + 4), (byte) (random.nextInt(3) - 1));
      try {
        assertThat(count(ResultFormat.ARROW, changed)).isNotNegative();
      } catch (RefusedException e) {
        assertThat(e.reason()).isEqualTo(Reason.OUTPUT_RULE);
        refused++;
      }
    }
    assertThat(refused).isPositive();
  }

  private static byte[] arrow() {
    return TestTables.file(TestTables.everyType(), TestTables.someRows(ROWS), 10);
  }

  private static Footer footer(byte[] file) {
    int length = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).getInt(file.length - 10);
    return Footer.getRootAsFooter(ByteBuffer.wrap(file).slice(file.length - 10 - length, length));
  }

  /** Over the file's own bytes. */
  private static Message message(byte[] file, int index) {
    ByteBuffer all = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
    int at = Math.toIntExact(footer(file).recordBatches(index).offset());
    return Message.getRootAsMessage(all.slice(at + 8, all.getInt(at + 4)).order(all.order()));
  }

  private static RecordBatch batch(byte[] file, int index) {
    return (RecordBatch)
        java.util.Objects.requireNonNull(message(file, index).header(new RecordBatch()));
  }

  private static void setLong(
      ByteBuffer bytes, long from, long to, java.util.function.BooleanSupplier done) {
    for (int at = 0; at + 8 <= bytes.limit(); at++) {
      if (bytes.getLong(at) == from) {
        bytes.putLong(at, to);
        if (done.getAsBoolean()) {
          return;
        }
        bytes.putLong(at, from);
      }
    }
    throw new AssertionError("the number is not there");
  }

  private void assertRefused(ResultFormat format, byte[] content) {
    assertThatThrownBy(() -> count(format, content))
        .isInstanceOfSatisfying(
            RefusedException.class, e -> assertThat(e.reason()).isEqualTo(Reason.OUTPUT_RULE));
  }

  private long count(ResultFormat format, String content) throws IOException {
    return count(format, content.getBytes(UTF_8));
  }

  private long count(ResultFormat format, byte[] content) throws IOException {
    Path file = folder.resolve("result." + format.extension());
    Files.write(file, content);
    return RowCounts.count("result", format, file);
  }
}
