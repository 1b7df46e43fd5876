package io.parley.shim.arrow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.parley.agreement.Column;
import io.parley.agreement.ColumnType;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.apache.arrow.flatbuf.Footer;
import org.apache.arrow.flatbuf.Message;
import org.apache.arrow.flatbuf.RecordBatch;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.DictionaryEncoding;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ArrowFileTest {
  private static final List<Column> COLUMNS = TestTables.everyType();
  private static final Table TABLE = new Table("t", "p");

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 7, 8, 9, 64, 65, 1000})
  void everyTypeComesOutAsItWentIn(int count) {
    List<@Nullable Object[]> rows = TestTables.someRows(count);

    byte[] out = TestTables.rewritten(TestTables.file(COLUMNS, rows, 100), COLUMNS);

    assertThat(TestTables.lists(TestTables.rowsOfFile(out))).isEqualTo(TestTables.lists(rows));
  }

  @Test
  void onlyTheAgreedColumnsGoInTheAgreedOrder() {
    List<@Nullable Object[]> rows = TestTables.someRows(50);
    List<Column> agreed = List.of(COLUMNS.get(8), COLUMNS.get(4), COLUMNS.get(0));

    byte[] out = TestTables.rewritten(TestTables.file(COLUMNS, rows, 20), agreed);

    assertThat(TestTables.lists(TestTables.rowsOfFile(out)))
        .isEqualTo(rows.stream().map(row -> Arrays.asList(row[8], row[4], row[0])).toList());
    assertThat(TestTables.schemaOfFile(out).getFields().stream().map(Field::getName))
        .containsExactly("text", "big", "bool");
    assertThat(new String(out, java.nio.charset.StandardCharsets.ISO_8859_1))
        .doesNotContain("timestamp");
  }

  @Test
  void theWrittenSchemaHasTheAgreedNullability() {
    List<Column> agreed = List.of(new Column("int", ColumnType.INTEGER, false));
    byte[] file = TestTables.file(COLUMNS, List.of(TestTables.row(1), TestTables.row(2)), 10);

    byte[] out = TestTables.rewritten(file, agreed);

    assertThat(TestTables.schemaOfFile(out).getFields().getFirst().isNullable()).isFalse();
  }

  @Test
  void nullsWhereTheAgreementHasNoneAreRefused() {
    List<Column> agreed = List.of(new Column("big", ColumnType.BIGINT, false));
    @Nullable Object[] row = TestTables.row(1);
    row[4] = null;

    assertRefused(
        TestTables.file(COLUMNS, List.<@Nullable Object[]>of(row), 10), agreed, "has nulls");
  }

  @Test
  void aNullCountThatLiesDoesNotHideNulls() {
    List<Column> nullable = List.of(new Column("big", ColumnType.BIGINT, true));
    List<Column> agreed = List.of(new Column("big", ColumnType.BIGINT, false));
    byte[] file =
        TestTables.file(
            nullable,
            List.<@Nullable Object[]>of(new @Nullable Object[] {7L}, new @Nullable Object[] {null}),
            2);
    assertThat(nullCount(file)).isEqualTo(1);

    setNullCount(file, 0);

    assertThat(nullCount(file)).isZero();
    assertRefused(file, agreed, "has nulls");
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 2, -1, Long.MIN_VALUE, Long.MAX_VALUE})
  void aNullCountThatLiesIsWrittenAnewAsItIs(long lie) {
    List<Column> nullable = List.of(new Column("big", ColumnType.BIGINT, true));
    List<@Nullable Object[]> rows =
        List.<@Nullable Object[]>of(new @Nullable Object[] {7L}, new @Nullable Object[] {null});
    byte[] file = TestTables.file(nullable, rows, 2);
    setNullCount(file, lie);

    byte[] out = TestTables.rewritten(file, nullable);

    assertThat(nullCount(out)).isEqualTo(1);
    assertThat(TestTables.lists(TestTables.rowsOfFile(out))).isEqualTo(TestTables.lists(rows));
  }

  @Test
  void nullsWithoutAValidityBufferAreRefused() {
    List<Column> columns = List.of(new Column("big", ColumnType.BIGINT, true));
    byte[] file =
        TestTables.rewritten(
            TestTables.file(columns, List.<@Nullable Object[]>of(new @Nullable Object[] {7L}), 1),
            columns);
    assertThat(nullCount(file)).isZero();

    setNullCount(file, 1);

    assertRefused(file, columns, "no validity buffer");
  }

  private static long nullCount(byte[] file) {
    return batch(file).nodes(0).nullCount();
  }

  private static void setNullCount(byte[] file, long nullCount) {
    RecordBatch batch = batch(file);
    long length = batch.nodes(0).length();
    long before = batch.nodes(0).nullCount();
    ByteBuffer bytes = batch.getByteBuffer();
    // A struct: its length, then its null count.
    for (int at = 0; at + 16 <= bytes.limit(); at++) {
      if (bytes.getLong(at) == length && bytes.getLong(at + 8) == before) {
        bytes.putLong(at + 8, nullCount);
        if (batch.nodes(0).nullCount() == nullCount) {
          return;
        }
        bytes.putLong(at + 8, before);
      }
    }
    throw new AssertionError("no field node found");
  }

  /** The first batch, over the file's own bytes. */
  private static RecordBatch batch(byte[] file) {
    ByteBuffer all = ByteBuffer.wrap(file).order(java.nio.ByteOrder.LITTLE_ENDIAN);
    Footer footer = ArrowFile.footer(TestTables.bytes(file), TABLE);
    int at = Math.toIntExact(footer.recordBatches(0).offset());
    ByteBuffer message = all.slice(at + 8, all.getInt(at + 4)).order(all.order());
    return (RecordBatch)
        java.util.Objects.requireNonNull(
            Message.getRootAsMessage(message).header(new RecordBatch()));
  }

  @Test
  void aMissingColumnIsNamed() {
    byte[] file = TestTables.file(COLUMNS, TestTables.someRows(3), 10);

    assertRefused(
        file, List.of(new Column("wart", ColumnType.BIGINT, true)), "column 'wart'", "missing");
  }

  @Test
  void aColumnOfAnotherTypeIsNamed() {
    byte[] file = TestTables.file(COLUMNS, TestTables.someRows(3), 10);
    for (Column column : COLUMNS) {
      for (Column other : COLUMNS) {
        if (!column.equals(other)) {
          assertRefused(
              file,
              List.of(new Column(column.name(), other.type(), true)),
              "column '" + column.name() + "'",
              "type");
        }
      }
    }
    assertRefused(
        file, List.of(new Column("decimal", ColumnType.decimal(20, 2), true)), "'decimal'");
  }

  @Test
  void unsignedAndZonedTypesAreOtherTypes() {
    Field unsigned = Field.nullable("int", new ArrowType.Int(32, false));
    Field zoned =
        Field.nullable(
            "timestamp",
            new ArrowType.Timestamp(org.apache.arrow.vector.types.TimeUnit.MICROSECOND, "UTC"));
    assertRefused(
        TestTables.file(List.of(unsigned), List.of(), 1, root -> {}),
        List.of(new Column("int", ColumnType.INTEGER, true)),
        "type");
    assertRefused(
        TestTables.file(List.of(zoned), List.of(), 1, root -> {}),
        List.of(new Column("timestamp", ColumnType.TIMESTAMP, true)),
        "type");
  }

  @Test
  void dictionariesAndNestedColumnsAreRefused() {
    Field dictionary =
        new Field(
            "text",
            new FieldType(
                true, new ArrowType.Int(32, true), new DictionaryEncoding(1, false, null)),
            List.of());
    Field list =
        new Field(
            "l",
            FieldType.nullable(new ArrowType.List()),
            List.of(Field.nullable("i", new ArrowType.Int(32, true))));
    assertRefused(
        fileWithoutBatches(dictionary),
        List.of(new Column("text", ColumnType.INTEGER, true)),
        "flat");
    assertRefused(
        fileWithoutBatches(list), List.of(new Column("l", ColumnType.INTEGER, true)), "flat");
  }

  private static byte[] fileWithoutBatches(Field field) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    org.apache.arrow.vector.types.pojo.Schema schema =
        new org.apache.arrow.vector.types.pojo.Schema(List.of(field));
    com.google.flatbuffers.FlatBufferBuilder builder =
        new com.google.flatbuffers.FlatBufferBuilder();
    builder.finish(
        new org.apache.arrow.vector.ipc.message.ArrowFooter(schema, List.of(), List.of())
            .writeTo(builder));
    ByteBuffer footer = builder.dataBuffer();
    byte[] bytes = new byte[footer.remaining()];
    footer.get(bytes);
    out.writeBytes(new byte[] {'A', 'R', 'R', 'O', 'W', '1', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0});
    out.writeBytes(bytes);
    out.writeBytes(
        ByteBuffer.allocate(4)
            .order(java.nio.ByteOrder.LITTLE_ENDIAN)
            .putInt(bytes.length)
            .array());
    out.writeBytes(new byte[] {'A', 'R', 'R', 'O', 'W', '1'});
    return out.toByteArray();
  }

  @Test
  void textThatIsNotUtf8IsRefused() {
    List<Column> text = List.of(new Column("text", ColumnType.VARCHAR, true));
    for (byte[] bad : Utf8Test.malformed()) {
      @Nullable Object[] row = {bad};
      assertRefused(TestTables.file(text, List.<@Nullable Object[]>of(row), 1), text, "not UTF-8");
    }
  }

  @Test
  void textThatIsSplitBetweenTwoValuesIsRefused() {
    List<Column> text = List.of(new Column("text", ColumnType.VARCHAR, true));
    @Nullable Object[] first = {new byte[] {(byte) 0xC3}};
    @Nullable Object[] second = {new byte[] {(byte) 0xA4}};

    assertRefused(TestTables.file(text, List.of(first, second), 2), text, "not UTF-8");
  }

  @Test
  void offsetsThatFallOrLeaveTheTextAreRefused() {
    List<Field> fields = List.of(Field.nullable("text", new ArrowType.Utf8()));
    List<Column> text = List.of(new Column("text", ColumnType.VARCHAR, true));
    List<@Nullable Object[]> rows = List.of(new Object[] {"abc"}, new Object[] {"def"});
    for (int offset : new int[] {-1, 7, Integer.MAX_VALUE, Integer.MIN_VALUE}) {
      byte[] file =
          TestTables.file(
              fields,
              rows,
              2,
              root -> ((VarCharVector) root.getVector(0)).getOffsetBuffer().setInt(4, offset));
      assertRefused(file, text, "offsets");
    }
  }

  @Test
  void everyPassComesInTheSamePiecesAndTheyAreTheWholeFile() {
    // Batches of more than a piece, columns that are not agreed, gaps between and behind.
    byte[] file = TestTables.file(COLUMNS, TestTables.someRows(40_000), 15_000);
    ArrowFile open =
        ArrowFile.open(TestTables.bytes(file), TableSchema.of(COLUMNS.subList(0, 1)), TABLE);
    List<byte[]> scanned = new ArrayList<>();
    List<byte[]> read = new ArrayList<>();

    open.scan(piece -> scanned.add(taken(piece)));
    open.read(piece -> read.add(taken(piece)), batch -> {});

    assertThat(read).hasSizeGreaterThan(5).containsExactly(scanned.toArray(byte[][]::new));
    ByteArrayOutputStream whole = new ByteArrayOutputStream();
    scanned.forEach(whole::writeBytes);
    assertThat(whole.toByteArray()).isEqualTo(file);
  }

  private static byte[] taken(ByteBuffer piece) {
    assertThat(piece.isDirect()).isTrue();
    assertThat(piece.remaining()).isBetween(1, 1 << 20);
    byte[] bytes = new byte[piece.remaining()];
    piece.get(bytes);
    return bytes;
  }

  @Test
  void rowsAndBytesAreKnownBeforeARowIsRead() {
    byte[] file = TestTables.file(COLUMNS, TestTables.someRows(1000), 100);

    ArrowFile open = ArrowFile.open(TestTables.bytes(file), TableSchema.of(COLUMNS), TABLE);

    assertThat(open.rows()).isEqualTo(1000);
    assertThat(open.bytes()).isBetween(40_000L, 2L * file.length);
    assertThat(open.sentBatchBytesMax()).isBetween(1000, file.length / 4);
  }

  @Test
  void aFileThatChangesBetweenOpeningAndReadingIsRefused() {
    byte[] file = TestTables.file(COLUMNS, TestTables.someRows(100), 100);
    byte[] changing = file.clone();
    ArrowFile open = ArrowFile.open(TestTables.bytes(changing), TableSchema.of(COLUMNS), TABLE);
    byte[] other = TestTables.file(COLUMNS, TestTables.someRows(99), 100);
    System.arraycopy(other, 0, changing, 0, Math.min(other.length, changing.length));

    assertThatThrownBy(() -> open.read(piece -> {}, batch -> {}))
        .isInstanceOf(RefusedException.class);
  }

  @Test
  void aFileThatIsCutAnywhereIsRefused() {
    byte[] file = TestTables.file(COLUMNS, TestTables.someRows(10), 5);
    for (int length = 0; length < file.length; length++) {
      byte[] cut = Arrays.copyOf(file, length);
      assertThatThrownBy(() -> TestTables.rewritten(cut, COLUMNS))
          .isInstanceOf(RefusedException.class);
    }
  }

  @Test
  void aFileWithAnyByteChangedIsRefusedOrStillValid() {
    byte[] file = TestTables.file(COLUMNS, TestTables.someRows(10), 5);
    Random random = new Random(25);
    IntStream.range(0, file.length)
        .forEach(at -> {
          byte[] changed = file.clone();
          changed[at] ^= (byte) (1 + random.nextInt(255));
          assertRefusedOrValid(changed);
        });
  }

  @Test
  void aFileWithManyBytesChangedIsRefusedOrStillValid() {
    byte[] file = TestTables.file(COLUMNS, TestTables.someRows(10), 5);
    Random random = new Random(26);
    for (int round = 0; round < 3000; round++) {
      byte[] changed = file.clone();
      for (int i = 0; i < 1 + random.nextInt(8); i++) {
        int at = random.nextInt(file.length);
        if (random.nextBoolean()) {
          changed[at] = (byte) random.nextInt();
        } else {
          // Lengths and offsets are what hurts: extreme ones.
          Arrays.fill(changed, at, Math.min(file.length, at + 4), (byte) (random.nextInt(3) - 1));
        }
      }
      assertRefusedOrValid(changed);
    }
  }

  /** What a valid one decodes to is its owner's business; that it decodes safely is ours. */
  private static void assertRefusedOrValid(byte[] file) {
    byte[] out;
    try {
      out = TestTables.rewritten(file, COLUMNS);
    } catch (RefusedException e) {
      assertThat(e.reason()).isEqualTo(Reason.INVALID_DATASET);
      return;
    }
    for (@Nullable Object[] row : TestTables.rowsOfFile(out)) {
      assertThat(row).hasSize(COLUMNS.size());
    }
  }

  private static void assertRefused(byte[] file, List<Column> agreed, String... messages) {
    List<String> expected = new ArrayList<>(List.of(messages));
    expected.add("dataset 't' of p");
    assertThatThrownBy(() -> TestTables.rewritten(file, agreed))
        .isInstanceOfSatisfying(
            RefusedException.class, e -> assertThat(e.reason()).isEqualTo(Reason.INVALID_DATASET))
        .hasMessageContainingAll(expected.toArray(CharSequence[]::new));
  }
}
