package io.parley.shim.arrow;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.parley.agreement.Column;
import io.parley.agreement.ColumnType;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.BitVector;
import org.apache.arrow.vector.DateDayVector;
import org.apache.arrow.vector.DecimalVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.Float4Vector;
import org.apache.arrow.vector.Float8Vector;
import org.apache.arrow.vector.IntVector;
import org.apache.arrow.vector.SmallIntVector;
import org.apache.arrow.vector.TimeStampMicroVector;
import org.apache.arrow.vector.TinyIntVector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ipc.ArrowFileReader;
import org.apache.arrow.vector.ipc.ArrowFileWriter;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.apache.arrow.vector.ipc.ArrowStreamReader;
import org.apache.arrow.vector.types.DateUnit;
import org.apache.arrow.vector.types.FloatingPointPrecision;
import org.apache.arrow.vector.types.TimeUnit;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.Schema;
import org.apache.arrow.vector.util.ByteArrayReadableSeekableByteChannel;
import org.apache.arrow.vector.validate.ValidateUtil;
import org.apache.arrow.vector.validate.ValidateVectorDataVisitor;
import org.apache.arrow.vector.validate.ValidateVectorVisitor;
import org.jspecify.annotations.Nullable;

/** Tables that Arrow's own library writes and reads, so that ours is checked against another. */
public final class TestTables {
  private TestTables() {}

  /** One column of each type, all nullable, named by its type in lower case. */
  public static List<Column> everyType() {
    return List.of(
        new Column("bool", ColumnType.BOOLEAN, true),
        new Column("tiny", ColumnType.TINYINT, true),
        new Column("small", ColumnType.SMALLINT, true),
        new Column("int", ColumnType.INTEGER, true),
        new Column("big", ColumnType.BIGINT, true),
        new Column("float", ColumnType.FLOAT, true),
        new Column("double", ColumnType.DOUBLE, true),
        new Column("decimal", ColumnType.decimal(20, 3), true),
        new Column("text", ColumnType.VARCHAR, true),
        new Column("date", ColumnType.DATE, true),
        new Column("timestamp", ColumnType.TIMESTAMP, true));
  }

  /** A row of {@link #everyType} for this number; every seventh has a null somewhere. */
  public static @Nullable Object[] row(int i) {
    @Nullable Object[] row = {
      i % 2 == 0,
      (byte) i,
      (short) (i * 31),
      i * 1_000_003,
      i * 1_000_000_007L,
      i / 3f,
      i / 7d,
      BigDecimal.valueOf(i * 123_457L, 3),
      "zeile " + i + " ä€😀".repeat(i % 3),
      i,
      i * 1_234_567L
    };
    if (i % 7 == 3) {
      row[i % row.length] = null;
    }
    return row;
  }

  /** An Arrow file with these rows, {@code batchRows} in a batch. */
  public static byte[] file(List<Column> columns, List<@Nullable Object[]> rows, int batchRows) {
    return file(columns.stream().map(TestTables::field).toList(), rows, batchRows, root -> {});
  }

  /** The same with fields of one's own, and a last look at each batch before it is written. */
  public static byte[] file(
      List<Field> fields,
      List<@Nullable Object[]> rows,
      int batchRows,
      Consumer<VectorSchemaRoot> tamper) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (BufferAllocator allocator = new RootAllocator();
        VectorSchemaRoot root = VectorSchemaRoot.create(new Schema(fields), allocator);
        ArrowFileWriter writer = new ArrowFileWriter(root, null, Channels.newChannel(out))) {
      writer.start();
      for (int from = 0; from < rows.size(); from += batchRows) {
        root.allocateNew();
        int to = Math.min(rows.size(), from + batchRows);
        for (int r = from; r < to; r++) {
          for (int c = 0; c < fields.size(); c++) {
            set(root.getVector(c), r - from, rows.get(r)[c]);
          }
        }
        root.setRowCount(to - from);
        tamper.accept(root);
        writer.writeBatch();
      }
      writer.end();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
    return out.toByteArray();
  }

  /** As the shim does it: project, check, write anew. */
  public static byte[] rewritten(byte[] file, List<Column> columns) {
    TableSchema schema = TableSchema.of(columns);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ArrowWriter writer = ArrowWriter.file(schema, sink(out));
    ArrowFile.open(bytes(file), schema, new Table("t", "p")).read(piece -> {}, writer);
    writer.finish();
    return out.toByteArray();
  }

  public static ByteSink sink(ByteArrayOutputStream out) {
    return bytes -> {
      byte[] array = new byte[bytes.remaining()];
      bytes.get(array);
      out.writeBytes(array);
    };
  }

  public static ByteFile bytes(byte[] file) {
    return new ByteFile() {
      @Override
      public long sizeBytes() {
        return file.length;
      }

      @Override
      public void readFully(long position, ByteBuffer into) {
        into.put(file, Math.toIntExact(position), into.remaining());
      }
    };
  }

  /** Every row of a file, read by Arrow's library, which also validates every vector. */
  public static List<@Nullable Object[]> rowsOfFile(byte[] file) {
    try (BufferAllocator allocator = new RootAllocator();
        ArrowFileReader reader =
            new ArrowFileReader(new ByteArrayReadableSeekableByteChannel(file), allocator)) {
      return rows(reader);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  public static List<@Nullable Object[]> rowsOfStream(byte[] stream) {
    try (BufferAllocator allocator = new RootAllocator();
        ArrowStreamReader reader =
            new ArrowStreamReader(new ByteArrayInputStream(stream), allocator)) {
      return rows(reader);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  public static Schema schemaOfFile(byte[] file) {
    try (BufferAllocator allocator = new RootAllocator();
        ArrowFileReader reader =
            new ArrowFileReader(new ByteArrayReadableSeekableByteChannel(file), allocator)) {
      return reader.getVectorSchemaRoot().getSchema();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static List<@Nullable Object[]> rows(ArrowReader reader) throws IOException {
    List<@Nullable Object[]> rows = new ArrayList<>();
    VectorSchemaRoot root = reader.getVectorSchemaRoot();
    while (reader.loadNextBatch()) {
      for (FieldVector vector : root.getFieldVectors()) {
        if (!(vector instanceof VarCharVector text) || text.getDataBuffer().capacity() > 0) {
          // Arrow's own check refuses a column of which every text is null.
          vector.accept(new ValidateVectorVisitor(), null);
        }
        if (vector instanceof DecimalVector decimals) {
          // Arrow's own check refuses a value with exactly as many digits as are allowed.
          requireDigits(decimals);
        } else {
          vector.accept(new ValidateVectorDataVisitor(), null);
        }
        ValidateUtil.validateOrThrow(
            vector.getValueCount() == root.getRowCount(), "a column of another length");
      }
      for (int r = 0; r < root.getRowCount(); r++) {
        @Nullable Object[] row = new @Nullable Object[root.getFieldVectors().size()];
        for (int c = 0; c < row.length; c++) {
          row[c] = get(root.getVector(c), r);
        }
        rows.add(row);
      }
    }
    return rows;
  }

  private static void requireDigits(DecimalVector decimals) {
    for (int i = 0; i < decimals.getValueCount(); i++) {
      BigDecimal value = decimals.getObject(i);
      ValidateUtil.validateOrThrow(
          value == null || value.precision() <= decimals.getPrecision(), "too many digits");
    }
  }

  public static Field field(Column column) {
    return Field.nullable(column.name(), type(column.type()));
  }

  private static ArrowType type(ColumnType type) {
    return switch (type) {
      case ColumnType.Decimal decimal ->
          new ArrowType.Decimal(decimal.precision(), decimal.scale(), 128);
      case ColumnType.Plain plain ->
          switch (plain) {
            case BOOLEAN -> new ArrowType.Bool();
            case TINYINT -> new ArrowType.Int(8, true);
            case SMALLINT -> new ArrowType.Int(16, true);
            case INTEGER -> new ArrowType.Int(32, true);
            case BIGINT -> new ArrowType.Int(64, true);
            case FLOAT -> new ArrowType.FloatingPoint(FloatingPointPrecision.SINGLE);
            case DOUBLE -> new ArrowType.FloatingPoint(FloatingPointPrecision.DOUBLE);
            case VARCHAR -> new ArrowType.Utf8();
            case DATE -> new ArrowType.Date(DateUnit.DAY);
            case TIMESTAMP -> new ArrowType.Timestamp(TimeUnit.MICROSECOND, null);
          };
    };
  }

  private static void set(FieldVector vector, int row, @Nullable Object value) {
    if (value == null) {
      vector.setNull(row);
      return;
    }
    switch (vector) {
      case BitVector v -> v.setSafe(row, (boolean) value ? 1 : 0);
      case TinyIntVector v -> v.setSafe(row, (byte) value);
      case SmallIntVector v -> v.setSafe(row, (short) value);
      case IntVector v -> v.setSafe(row, (int) value);
      case BigIntVector v -> v.setSafe(row, (long) value);
      case Float4Vector v -> v.setSafe(row, (float) value);
      case Float8Vector v -> v.setSafe(row, (double) value);
      case DecimalVector v -> v.setSafe(row, (BigDecimal) value);
      case VarCharVector v ->
          v.setSafe(row, value instanceof byte[] raw ? raw : ((String) value).getBytes(UTF_8));
      case DateDayVector v -> v.setSafe(row, (int) value);
      case TimeStampMicroVector v -> v.setSafe(row, (long) value);
      default -> throw new AssertionError(vector.getClass());
    }
  }

  private static @Nullable Object get(FieldVector vector, int row) {
    if (vector.isNull(row)) {
      return null;
    }
    return switch (vector) {
      case BitVector v -> v.get(row) == 1;
      case VarCharVector v -> new String(v.get(row), UTF_8);
      case TimeStampMicroVector v -> v.get(row);
      case DateDayVector v -> v.get(row);
      default -> vector.getObject(row);
    };
  }

  /** Rows as lists, so that they compare. */
  public static List<List<@Nullable Object>> lists(List<@Nullable Object[]> rows) {
    List<List<@Nullable Object>> lists = new ArrayList<>();
    rows.forEach(row -> lists.add(Arrays.asList(row)));
    return lists;
  }

  public static List<@Nullable Object[]> someRows(int count) {
    List<@Nullable Object[]> rows = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      rows.add(row(i));
    }
    return rows;
  }
}
