package io.parley.shim.arrow;

import com.google.flatbuffers.FlatBufferBuilder;
import io.parley.agreement.Column;
import io.parley.agreement.ColumnType;
import java.nio.ByteBuffer;
import java.util.List;
import org.apache.arrow.flatbuf.Endianness;
import org.apache.arrow.flatbuf.Field;
import org.apache.arrow.flatbuf.MessageHeader;
import org.apache.arrow.flatbuf.Schema;

/**
 * The columns that an agreement lets go, as Arrow lays them out. What is written by it has exactly
 * these columns, in this order, with these types and this nullability. Immutable.
 */
public final class TableSchema {
  record Entry(String name, boolean nullable, ColumnLayout layout) {}

  private final List<Entry> entries;

  private TableSchema(List<Entry> entries) {
    this.entries = List.copyOf(entries);
  }

  public static TableSchema of(List<Column> columns) {
    return new TableSchema(
        columns.stream()
            .map(column -> new Entry(column.name(), column.nullable(), layout(column.type())))
            .toList());
  }

  List<Entry> entries() {
    return entries;
  }

  /** The schema as an encapsulated message. */
  ByteBuffer message() {
    FlatBufferBuilder builder = new FlatBufferBuilder(1024);
    return Messages.encapsulate(builder, MessageHeader.Schema, writeTo(builder), 0);
  }

  /** Writes the schema's table; returns its offset. */
  int writeTo(FlatBufferBuilder builder) {
    int[] fields = new int[entries.size()];
    for (int i = 0; i < fields.length; i++) {
      Entry entry = entries.get(i);
      int name = builder.createString(entry.name());
      int type = entry.layout().writeType(builder);
      int children = Field.createChildrenVector(builder, new int[0]);
      fields[i] =
          Field.createField(
              builder, name, entry.nullable(), entry.layout().typeType(), type, 0, children, 0);
    }
    return Schema.createSchema(
        builder, Endianness.Little, Schema.createFieldsVector(builder, fields), 0, 0);
  }

  private static ColumnLayout layout(ColumnType type) {
    return switch (type) {
      case ColumnType.Decimal decimal ->
          new ColumnLayout.Decimals(decimal.precision(), decimal.scale());
      case ColumnType.Plain plain ->
          switch (plain) {
            case BOOLEAN -> new ColumnLayout.Booleans();
            case TINYINT -> new ColumnLayout.Integers(8);
            case SMALLINT -> new ColumnLayout.Integers(16);
            case INTEGER -> new ColumnLayout.Integers(32);
            case BIGINT -> new ColumnLayout.Integers(64);
            case FLOAT -> new ColumnLayout.Floats(32);
            case DOUBLE -> new ColumnLayout.Floats(64);
            case VARCHAR -> new ColumnLayout.Texts();
            case DATE -> new ColumnLayout.Dates();
            case TIMESTAMP -> new ColumnLayout.Timestamps();
          };
    };
  }
}
