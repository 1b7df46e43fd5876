package io.parley.shim.arrow;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.parley.agreement.Column;
import io.parley.agreement.ColumnType;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.apache.arrow.flatbuf.Decimal;
import org.apache.arrow.flatbuf.Field;
import org.apache.arrow.flatbuf.FloatingPoint;
import org.apache.arrow.flatbuf.Footer;
import org.apache.arrow.flatbuf.Int;
import org.apache.arrow.flatbuf.Precision;
import org.apache.arrow.flatbuf.Type;
import org.jspecify.annotations.Nullable;

/**
 * The cells of a small result in an Arrow IPC file, of the types that agreements know. All of it is
 * in memory: for files whose size was looked at.
 */
public final class ArrowCells {
  private static final Table TABLE = new Table("result", "the app");

  private ArrowCells() {}

  /**
   * Columns in table order.
   *
   * @throws io.parley.wire.RefusedException INVALID_DATASET when it is no such file, or has a
   *     column of another type
   */
  public static List<ResultColumn> read(Path path) throws IOException {
    try (FileChannel channel =
        FileChannel.open(path, Set.of(StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS))) {
      return read(new ChannelFile(channel, channel.size()));
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  private static List<ResultColumn> read(ByteFile file) {
    List<Column> columns = columns(ArrowFile.footer(file, TABLE));
    List<List<@Nullable Object>> cells = new ArrayList<>();
    columns.forEach(column -> cells.add(new ArrayList<>()));
    ArrowFile.open(file, TableSchema.of(columns), TABLE)
        .read(
            piece -> {},
            batch -> {
              int buffer = 0;
              for (int i = 0; i < columns.size(); i++) {
                buffer = add(columns.get(i).type(), batch, buffer, cells.get(i));
              }
            });
    List<ResultColumn> result = new ArrayList<>();
    for (int i = 0; i < columns.size(); i++) {
      result.add(new ResultColumn(columns.get(i).name(), columns.get(i).type(), cells.get(i)));
    }
    return result;
  }

  private static List<Column> columns(Footer footer) {
    return Messages.checked(
        TABLE,
        () -> {
          List<Column> columns = new ArrayList<>();
          for (int i = 0; footer.schema() != null && i < footer.schema().fieldsLength(); i++) {
            Field field = footer.schema().fields(i);
            columns.add(new Column(String.valueOf(field.name()), type(field), true));
          }
          if (columns.isEmpty()) {
            throw TABLE.invalid("it has no columns");
          }
          return columns;
        });
  }

  private static ColumnType type(Field field) {
    return switch (field.typeType()) {
      case Type.Bool -> ColumnType.BOOLEAN;
      case Type.Utf8 -> ColumnType.VARCHAR;
      case Type.Date -> ColumnType.DATE;
      case Type.Timestamp -> ColumnType.TIMESTAMP;
      case Type.Int ->
          switch (field.type(new Int()) instanceof Int type ? type.bitWidth() : 0) {
            case 8 -> ColumnType.TINYINT;
            case 16 -> ColumnType.SMALLINT;
            case 32 -> ColumnType.INTEGER;
            default -> ColumnType.BIGINT;
          };
      case Type.FloatingPoint ->
          field.type(new FloatingPoint()) instanceof FloatingPoint type
                  && type.precision() == Precision.SINGLE
              ? ColumnType.FLOAT
              : ColumnType.DOUBLE;
      case Type.Decimal ->
          field.type(new Decimal()) instanceof Decimal type
              ? ColumnType.decimal(type.precision(), type.scale())
              : ColumnType.DOUBLE;
      default ->
          throw TABLE.invalid(
              "column '%s' has an Arrow type that is none of an agreement's"
                  .formatted(field.name()));
    };
  }

  /** Adds a batch's cells of one column; says where the next column's buffers begin. */
  private static int add(
      ColumnType type, CheckedBatch batch, int first, List<@Nullable Object> cells) {
    boolean text = type == ColumnType.VARCHAR;
    ByteBuffer validity = batch.buffers().get(first);
    ByteBuffer offsets = batch.buffers().get(first + 1);
    ByteBuffer values = batch.buffers().get(first + (text ? 2 : 1));
    for (int row = 0; row < batch.rows(); row++) {
      boolean there = validity.limit() == 0 || (validity.get(row >> 3) >> (row & 7) & 1) == 1;
      if (!there) {
        cells.add(null);
      } else if (text) {
        int from = offsets.getInt(row * Integer.BYTES);
        byte[] bytes = new byte[offsets.getInt((row + 1) * Integer.BYTES) - from];
        values.get(from, bytes);
        cells.add(new String(bytes, UTF_8));
      } else {
        cells.add(cell(type, values, row));
      }
    }
    return first + (text ? 3 : 2);
  }

  private static Object cell(ColumnType type, ByteBuffer values, int row) {
    return switch (type) {
      case ColumnType.Decimal decimal -> decimal(values, row, decimal.scale());
      case ColumnType.Plain plain ->
          switch (plain) {
            case BOOLEAN -> (values.get(row >> 3) >> (row & 7) & 1) == 1;
            case TINYINT -> BigDecimal.valueOf(values.get(row));
            case SMALLINT -> BigDecimal.valueOf(values.getShort(row * Short.BYTES));
            case INTEGER -> BigDecimal.valueOf(values.getInt(row * Integer.BYTES));
            case BIGINT -> BigDecimal.valueOf(values.getLong(row * Long.BYTES));
            case FLOAT -> values.getFloat(row * Float.BYTES);
            case DOUBLE -> values.getDouble(row * Double.BYTES);
            case DATE -> LocalDate.ofEpochDay(values.getInt(row * Integer.BYTES));
            case TIMESTAMP -> timestamp(values.getLong(row * Long.BYTES));
            case VARCHAR -> throw TABLE.invalid("text is read elsewhere");
          };
    };
  }

  private static LocalDateTime timestamp(long micros) {
    long second = TimeUnit.SECONDS.toMicros(1);
    return LocalDateTime.ofEpochSecond(
        Math.floorDiv(micros, second),
        (int) TimeUnit.MICROSECONDS.toNanos(Math.floorMod(micros, second)),
        ZoneOffset.UTC);
  }

  private static BigDecimal decimal(ByteBuffer values, int row, int scale) {
    byte[] bytes = new byte[2 * Long.BYTES];
    ByteBuffer.wrap(bytes)
        .putLong(values.getLong(row * bytes.length + Long.BYTES))
        .putLong(values.getLong(row * bytes.length));
    return new BigDecimal(new BigInteger(bytes), scale);
  }
}
