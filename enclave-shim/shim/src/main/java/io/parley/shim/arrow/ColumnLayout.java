package io.parley.shim.arrow;

import com.google.flatbuffers.FlatBufferBuilder;
import org.apache.arrow.flatbuf.Bool;
import org.apache.arrow.flatbuf.Date;
import org.apache.arrow.flatbuf.DateUnit;
import org.apache.arrow.flatbuf.Decimal;
import org.apache.arrow.flatbuf.Field;
import org.apache.arrow.flatbuf.FloatingPoint;
import org.apache.arrow.flatbuf.Int;
import org.apache.arrow.flatbuf.Precision;
import org.apache.arrow.flatbuf.TimeUnit;
import org.apache.arrow.flatbuf.Timestamp;
import org.apache.arrow.flatbuf.Type;
import org.apache.arrow.flatbuf.Utf8;

/** How values of one column type lie in Arrow buffers, and how Arrow's schema names the type. */
sealed interface ColumnLayout {
  /** Bits of one value in the values buffer. */
  int bitWidth();

  byte typeType();

  /** Writes the type's table; returns its offset. */
  int writeType(FlatBufferBuilder builder);

  /** Whether a field of a file has this type. */
  boolean matches(Field field);

  /** Validity and values, and between them offsets where values differ in length. */
  default int bufferCount() {
    return 2;
  }

  /** One bit per value. */
  record Booleans() implements ColumnLayout {
    @Override
    public int bitWidth() {
      return 1;
    }

    @Override
    public byte typeType() {
      return Type.Bool;
    }

    @Override
    public int writeType(FlatBufferBuilder builder) {
      Bool.startBool(builder);
      return Bool.endBool(builder);
    }

    @Override
    public boolean matches(Field field) {
      return field.typeType() == Type.Bool;
    }
  }

  /** Signed, two's complement. */
  record Integers(int bitWidth) implements ColumnLayout {
    @Override
    public byte typeType() {
      return Type.Int;
    }

    @Override
    public int writeType(FlatBufferBuilder builder) {
      return Int.createInt(builder, bitWidth, true);
    }

    @Override
    public boolean matches(Field field) {
      return field.typeType() == Type.Int
          && field.type(new Int()) instanceof Int type
          && type.isSigned()
          && type.bitWidth() == bitWidth;
    }
  }

  /** IEEE 754. */
  record Floats(int bitWidth) implements ColumnLayout {
    private short precision() {
      return bitWidth == 32 ? Precision.SINGLE : Precision.DOUBLE;
    }

    @Override
    public byte typeType() {
      return Type.FloatingPoint;
    }

    @Override
    public int writeType(FlatBufferBuilder builder) {
      return FloatingPoint.createFloatingPoint(builder, precision());
    }

    @Override
    public boolean matches(Field field) {
      return field.typeType() == Type.FloatingPoint
          && field.type(new FloatingPoint()) instanceof FloatingPoint type
          && type.precision() == precision();
    }
  }

  /** 128-bit two's complement, scaled. */
  record Decimals(int precision, int scale) implements ColumnLayout {
    @Override
    public int bitWidth() {
      return 128;
    }

    @Override
    public byte typeType() {
      return Type.Decimal;
    }

    @Override
    public int writeType(FlatBufferBuilder builder) {
      return Decimal.createDecimal(builder, precision, scale, bitWidth());
    }

    @Override
    public boolean matches(Field field) {
      return field.typeType() == Type.Decimal
          && field.type(new Decimal()) instanceof Decimal type
          && type.bitWidth() == bitWidth()
          && type.precision() == precision
          && type.scale() == scale;
    }
  }

  /** UTF-8 with 32-bit offsets. */
  record Texts() implements ColumnLayout {
    @Override
    public int bitWidth() {
      return 8;
    }

    @Override
    public byte typeType() {
      return Type.Utf8;
    }

    @Override
    public int writeType(FlatBufferBuilder builder) {
      Utf8.startUtf8(builder);
      return Utf8.endUtf8(builder);
    }

    @Override
    public boolean matches(Field field) {
      return field.typeType() == Type.Utf8;
    }

    @Override
    public int bufferCount() {
      return 3;
    }
  }

  /** Days since 1970-01-01, 32 bits. */
  record Dates() implements ColumnLayout {
    @Override
    public int bitWidth() {
      return 32;
    }

    @Override
    public byte typeType() {
      return Type.Date;
    }

    @Override
    public int writeType(FlatBufferBuilder builder) {
      return Date.createDate(builder, DateUnit.DAY);
    }

    @Override
    public boolean matches(Field field) {
      return field.typeType() == Type.Date
          && field.type(new Date()) instanceof Date type
          && type.unit() == DateUnit.DAY;
    }
  }

  /** Microseconds since 1970-01-01T00:00, without a time zone, 64 bits. */
  record Timestamps() implements ColumnLayout {
    @Override
    public int bitWidth() {
      return 64;
    }

    @Override
    public byte typeType() {
      return Type.Timestamp;
    }

    @Override
    public int writeType(FlatBufferBuilder builder) {
      return Timestamp.createTimestamp(builder, TimeUnit.MICROSECOND, 0);
    }

    @Override
    public boolean matches(Field field) {
      return field.typeType() == Type.Timestamp
          && field.type(new Timestamp()) instanceof Timestamp type
          && type.unit() == TimeUnit.MICROSECOND
          && type.timezone() == null;
    }
  }
}
