package io.parley.shim.arrow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.flatbuffers.FlatBufferBuilder;
import io.parley.agreement.Column;
import io.parley.agreement.ColumnType;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.io.ByteArrayOutputStream;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.arrow.flatbuf.BodyCompression;
import org.apache.arrow.flatbuf.BodyCompressionMethod;
import org.apache.arrow.flatbuf.Buffer;
import org.apache.arrow.flatbuf.CompressionType;
import org.apache.arrow.flatbuf.DictionaryBatch;
import org.apache.arrow.flatbuf.Endianness;
import org.apache.arrow.flatbuf.Field;
import org.apache.arrow.flatbuf.FieldNode;
import org.apache.arrow.flatbuf.Int;
import org.apache.arrow.flatbuf.MessageHeader;
import org.apache.arrow.flatbuf.RecordBatch;
import org.apache.arrow.flatbuf.Schema;
import org.apache.arrow.flatbuf.Type;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a crooked peer enclave can put into a stream, written by hand where no library would. */
@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ArrowStreamTest {
  private static final Table TABLE = new Table("t", "p");
  private static final List<Column> COLUMNS = List.of(new Column("n", ColumnType.BIGINT, true));
  private static final int BODY_BYTES_MAX = 1 << 20;
  private static final int ROWS = 8;
  private static final int BODY_BYTES = ROWS * Long.BYTES;

  @Test
  void aGoodStreamIsRead() {
    assertThat(read(stream(good()), ROWS)).isEqualTo(ROWS);
    assertThat(read(stream(), 0)).isZero();
  }

  @Test
  void moreOrFewerRowsThanAnnouncedAreRefused() {
    assertRefused(stream(good(), good()), 2 * ROWS - 1, "goes on after the 15 rows");
    assertRefused(stream(good()), ROWS + 1, "has 8 rows; it announced 9");
  }

  @Test
  void emptyBatchesDoNotGoOnForEver() {
    byte[] schema = bytes(schema(Endianness.Little, false));
    byte[] empty = bytes(batch(0, 0, 0, 0, 0, 0, 0));
    AtomicLong given = new AtomicLong();

    assertThatThrownBy(() -> read(endless(schema, empty, given), 100))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("more than %d batches".formatted(ArrowLimits.BATCH_COUNT_MAX));
    assertThat(given.get()).isLessThan((ArrowLimits.BATCH_COUNT_MAX + 10L) * empty.length);
  }

  @ParameterizedTest
  @CsvSource({
    // rows, values' offset, values' length, body
    "8, -1, 64, 64",
    "8, -9223372036854775808, 64, 64",
    "8, 1, 64, 64",
    "8, 9223372036854775807, 64, 64",
    "8, 4294967296, 64, 64",
    "8, 0, -1, 64",
    "8, 0, 63, 64",
    "8, 0, 65, 64",
    "8, 0, 4294967295, 64",
    "8, 0, 9223372036854775807, 64",
    "9, 0, 64, 64",
    "-1, 0, 64, 64",
    "-9223372036854775808, 0, 64, 64",
    "2147483647, 0, 64, 64",
    "4294967304, 0, 64, 64",
    "9223372036854775807, 0, 64, 64",
  })
  void impossibleLengthsAndOffsetsAreRefused(long rows, long offset, long length, long body) {
    byte[] bad = bytes(batch(rows, rows, 0, offset, length, body, BODY_BYTES));

    assertRefused(
        concat(bytes(schema(Endianness.Little, false)), bad, end()), Long.MAX_VALUE, "of p: a ");
  }

  @ParameterizedTest
  @ValueSource(
      longs = {-1, BODY_BYTES_MAX + 1L, 0xFFFF_FFFFL, 1L << 32, Long.MAX_VALUE, Long.MIN_VALUE})
  void aBodyOfMoreThanWasAnnouncedTakesNoMemory(long body) {
    byte[] bad = bytes(batch(ROWS, ROWS, 0, 0, BODY_BYTES, body, BODY_BYTES));

    assertRefused(
        concat(bytes(schema(Endianness.Little, false)), bad, end()), ROWS, "record batch");
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, -8, 1, 4, 1 << 30, (1 << 20) + 8, Integer.MAX_VALUE, Integer.MIN_VALUE})
  void impossibleMetadataLengthsAreRefused(int length) {
    byte[] prefix =
        ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putInt(-1).putInt(length).array();

    assertRefused(prefix, ROWS, "no valid prefix");
  }

  @Test
  void columnsOfOtherLengthsThanTheBatchAreRefused() {
    byte[] bad = bytes(batch(ROWS, ROWS - 1, 0, 0, BODY_BYTES, BODY_BYTES, BODY_BYTES));

    assertRefused(
        concat(bytes(schema(Endianness.Little, false)), bad, end()), ROWS, "another length");
  }

  @Test
  void buffersThatLieOverEachOtherCannotBecomeMoreThanABody() {
    int columns = 40;
    int rows = 4 << 18;
    List<Column> agreed =
        java.util.stream.IntStream.range(0, columns)
            .mapToObj(i -> new Column("c" + i, ColumnType.BIGINT, true))
            .toList();
    FlatBufferBuilder builder = new FlatBufferBuilder();
    RecordBatch.startBuffersVector(builder, 2 * columns);
    for (int i = 0; i < columns; i++) {
      Buffer.createBuffer(builder, 0, 8L * rows);
      Buffer.createBuffer(builder, 0, 0);
    }
    int buffers = builder.endVector();
    RecordBatch.startNodesVector(builder, columns);
    for (int i = 0; i < columns; i++) {
      FieldNode.createFieldNode(builder, rows, 0);
    }
    int nodes = builder.endVector();
    int batch = RecordBatch.createRecordBatch(builder, rows, nodes, buffers, 0, 0);
    ByteBuffer message = Messages.encapsulate(builder, MessageHeader.RecordBatch, batch, 8L * rows);

    assertThatThrownBy(() ->
            ArrowStream.read(
                source(concat(bytes(TableSchema.of(agreed).message()), bytes(message))),
                TableSchema.of(agreed),
                TABLE,
                rows,
                ArrowLimits.SENT_BODY_BYTES_MAX,
                b -> {}))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("the columns of a batch take more than");
  }

  @Test
  void compressedBatchesAreRefused() {
    byte[] compressed = bytes(batch(ROWS, ROWS, 0, 0, BODY_BYTES, BODY_BYTES, BODY_BYTES, true));

    assertRefused(
        concat(bytes(schema(Endianness.Little, false)), compressed, end()), ROWS, "compressed");
  }

  @Test
  void dictionariesAreRefused() {
    assertRefused(concat(bytes(schema(Endianness.Little, true)), end()), 0, "dictionary-encoded");

    FlatBufferBuilder builder = new FlatBufferBuilder();
    int data = RecordBatch.createRecordBatch(builder, 0, 0, 0, 0, 0);
    int dictionary = DictionaryBatch.createDictionaryBatch(builder, 1, data, false);
    byte[] batch =
        bytes(Messages.encapsulate(builder, MessageHeader.DictionaryBatch, dictionary, 0));
    assertRefused(
        concat(bytes(schema(Endianness.Little, false)), batch, end()), 0, "no record batch");
  }

  @Test
  void bigEndianIsRefused() {
    assertRefused(concat(bytes(schema(Endianness.Big, false)), end()), 0, "not little-endian");
  }

  @Test
  void aSchemaWhereABatchIsExpectedIsRefused() {
    byte[] schema = bytes(schema(Endianness.Little, false));

    assertRefused(concat(schema, schema, end()), 0, "no record batch");
    assertRefused(good(), ROWS, "does not begin with a schema");
    assertRefused(end(), 0, "ends before a schema");
  }

  @Test
  void aRepeatedPassThroughTheWriterIsTheSame() {
    byte[] file = TestTables.file(TestTables.everyType(), TestTables.someRows(30), 7);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ArrowWriter writer =
        ArrowWriter.stream(TableSchema.of(TestTables.everyType()), TestTables.sink(out));
    ArrowFile.open(TestTables.bytes(file), TableSchema.of(TestTables.everyType()), TABLE)
        .read(piece -> {}, writer);
    writer.finish();
    ByteArrayOutputStream again = new ByteArrayOutputStream();
    ArrowWriter second =
        ArrowWriter.stream(TableSchema.of(TestTables.everyType()), TestTables.sink(again));
    ArrowStream.read(
        source(out.toByteArray()),
        TableSchema.of(TestTables.everyType()),
        TABLE,
        30,
        BODY_BYTES_MAX,
        second);
    second.finish();

    assertThat(again.toByteArray()).isEqualTo(out.toByteArray());
  }

  private static byte[] good() {
    return bytes(batch(ROWS, ROWS, 0, 0, BODY_BYTES, BODY_BYTES, BODY_BYTES));
  }

  private static ByteBuffer batch(
      long rows, long nodeRows, long nulls, long offset, long length, long body, int bodyBytes) {
    return batch(rows, nodeRows, nulls, offset, length, body, bodyBytes, false);
  }

  /** One nullable BIGINT column without a validity buffer, and {@code bodyBytes} of zeros. */
  private static ByteBuffer batch(
      long rows,
      long nodeRows,
      long nulls,
      long offset,
      long length,
      long body,
      int bodyBytes,
      boolean compressed) {
    FlatBufferBuilder builder = new FlatBufferBuilder();
    RecordBatch.startBuffersVector(builder, 2);
    Buffer.createBuffer(builder, offset, length);
    Buffer.createBuffer(builder, 0, 0);
    int buffers = builder.endVector();
    RecordBatch.startNodesVector(builder, 1);
    FieldNode.createFieldNode(builder, nodeRows, nulls);
    int nodes = builder.endVector();
    int compression =
        compressed
            ? BodyCompression.createBodyCompression(
                builder, CompressionType.ZSTD, BodyCompressionMethod.BUFFER)
            : 0;
    int batch = RecordBatch.createRecordBatch(builder, rows, nodes, buffers, compression, 0);
    ByteBuffer message = Messages.encapsulate(builder, MessageHeader.RecordBatch, batch, body);
    return ByteBuffer.allocate(message.remaining() + bodyBytes).put(message).rewind();
  }

  private static ByteBuffer schema(short endianness, boolean dictionary) {
    FlatBufferBuilder builder = new FlatBufferBuilder();
    int name = builder.createString("n");
    int type = Int.createInt(builder, 64, true);
    int encoding =
        dictionary
            ? org.apache.arrow.flatbuf.DictionaryEncoding.createDictionaryEncoding(
                builder, 1, 0, false, (short) 0)
            : 0;
    int children = Field.createChildrenVector(builder, new int[0]);
    int field = Field.createField(builder, name, true, Type.Int, type, encoding, children, 0);
    int fields = Schema.createFieldsVector(builder, new int[] {field});
    int schema = Schema.createSchema(builder, endianness, fields, 0, 0);
    return Messages.encapsulate(builder, MessageHeader.Schema, schema, 0);
  }

  private static byte[] stream(byte[]... batches) {
    return concat(bytes(schema(Endianness.Little, false)), concat(batches), end());
  }

  private static byte[] end() {
    return new byte[] {-1, -1, -1, -1, 0, 0, 0, 0};
  }

  private static byte[] bytes(ByteBuffer buffer) {
    byte[] bytes = new byte[buffer.remaining()];
    buffer.get(bytes);
    return bytes;
  }

  private static byte[] concat(byte[]... parts) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      all.writeBytes(part);
    }
    return all.toByteArray();
  }

  private static ByteSource source(byte[] bytes) {
    ByteBuffer all = ByteBuffer.wrap(bytes);
    return into -> take(all, into);
  }

  private static void take(ByteBuffer all, ByteBuffer into) {
    if (all.remaining() < into.remaining()) {
      throw TABLE.invalid("its stream is cut", new BufferUnderflowException());
    }
    into.put(all.slice(all.position(), into.remaining()));
    all.position(all.position() + into.limit());
  }

  private static ByteSource endless(byte[] first, byte[] again, AtomicLong given) {
    ByteBuffer all =
        ByteBuffer.allocate(first.length + again.length).put(first).put(again).rewind();
    return into -> {
      if (!all.hasRemaining()) {
        all.position(first.length);
      }
      given.addAndGet(into.remaining());
      take(all, into);
    };
  }

  private static long read(byte[] stream, long rows) {
    return read(source(stream), rows);
  }

  private static long read(ByteSource source, long rows) {
    return ArrowStream.read(
        source, TableSchema.of(COLUMNS), TABLE, rows, BODY_BYTES_MAX, batch -> {});
  }

  private static void assertRefused(byte[] stream, long rows, String message) {
    assertThatThrownBy(() -> read(stream, rows))
        .isInstanceOfSatisfying(
            RefusedException.class, e -> assertThat(e.reason()).isEqualTo(Reason.INVALID_DATASET))
        .hasMessageContaining(message);
  }
}
