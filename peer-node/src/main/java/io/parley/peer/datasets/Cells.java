package io.parley.peer.datasets;

import io.parley.agreement.ColumnType;
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

/** Puts values that are text into a column's vector. Stateless. */
final class Cells {
  private Cells() {}

  /** How one column's values go in. Throws {@link IllegalArgumentException} as {@link Values}. */
  interface Writer {
    void write(int row, byte[] bytes, int start, int end);
  }

  /** Text goes in as it is; blanks around any other value do not matter. */
  static Writer writer(ColumnType type, FieldVector vector) {
    Writer exact = exact(type, vector);
    if (type == ColumnType.VARCHAR) {
      return exact;
    }
    return (row, bytes, start, end) -> {
      int from = start;
      int to = end;
      while (from < to && bytes[from] == ' ') {
        from++;
      }
      while (to > from && bytes[to - 1] == ' ') {
        to--;
      }
      exact.write(row, bytes, from, to);
    };
  }

  private static Writer exact(ColumnType type, FieldVector vector) {
    return switch (type) {
      case ColumnType.Plain.BOOLEAN -> {
        BitVector bits = (BitVector) vector;
        yield (row, b, s, e) -> bits.setSafe(row, Values.isTrue(Values.text(b, s, e)) ? 1 : 0);
      }
      case ColumnType.Plain.TINYINT -> {
        TinyIntVector ints = (TinyIntVector) vector;
        yield (row, b, s, e) ->
            ints.setSafe(row, (int) Values.integer(b, s, e, Byte.MIN_VALUE, Byte.MAX_VALUE));
      }
      case ColumnType.Plain.SMALLINT -> {
        SmallIntVector ints = (SmallIntVector) vector;
        yield (row, b, s, e) ->
            ints.setSafe(row, (int) Values.integer(b, s, e, Short.MIN_VALUE, Short.MAX_VALUE));
      }
      case ColumnType.Plain.INTEGER -> {
        IntVector ints = (IntVector) vector;
        yield (row, b, s, e) ->
            ints.setSafe(row, (int) Values.integer(b, s, e, Integer.MIN_VALUE, Integer.MAX_VALUE));
      }
      case ColumnType.Plain.BIGINT -> {
        BigIntVector longs = (BigIntVector) vector;
        yield (row, b, s, e) ->
            longs.setSafe(row, Values.integer(b, s, e, Long.MIN_VALUE, Long.MAX_VALUE));
      }
      case ColumnType.Plain.FLOAT -> {
        Float4Vector floats = (Float4Vector) vector;
        yield (row, b, s, e) -> floats.setSafe(row, Values.single(Values.text(b, s, e)));
      }
      case ColumnType.Plain.DOUBLE -> {
        Float8Vector doubles = (Float8Vector) vector;
        yield (row, b, s, e) -> doubles.setSafe(row, Values.floating(Values.text(b, s, e)));
      }
      case ColumnType.Decimal d -> {
        DecimalVector decimals = (DecimalVector) vector;
        yield (row, b, s, e) ->
            decimals.setSafe(row, Values.decimal(Values.text(b, s, e), d.precision(), d.scale()));
      }
      case ColumnType.Plain.VARCHAR -> {
        VarCharVector texts = (VarCharVector) vector;
        yield (row, b, s, e) -> {
          Values.requireUtf8(b, s, e);
          texts.setSafe(row, b, s, e - s);
        };
      }
      case ColumnType.Plain.DATE -> {
        DateDayVector days = (DateDayVector) vector;
        yield (row, b, s, e) -> days.setSafe(row, Values.date(Values.text(b, s, e)));
      }
      case ColumnType.Plain.TIMESTAMP -> {
        TimeStampMicroVector micros = (TimeStampMicroVector) vector;
        yield (row, b, s, e) -> micros.setSafe(row, Values.timestamp(Values.text(b, s, e)));
      }
    };
  }
}
