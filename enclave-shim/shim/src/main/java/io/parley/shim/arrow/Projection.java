package io.parley.shim.arrow;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.arrow.flatbuf.Endianness;
import org.apache.arrow.flatbuf.Field;
import org.apache.arrow.flatbuf.Schema;
import org.apache.arrow.flatbuf.Type;

/**
 * Where the agreed columns are among those of a file: for each, the index of its field node and of
 * its first buffer in every record batch. Immutable.
 */
final class Projection {
  record Source(TableSchema.Entry entry, int node, int buffer) {}

  private record Place(Field field, int node, int buffer) {}

  private final List<Source> sources;
  private final int nodeCount;
  private final int bufferCount;

  private Projection(List<Source> sources, int nodeCount, int bufferCount) {
    this.sources = sources;
    this.nodeCount = nodeCount;
    this.bufferCount = bufferCount;
  }

  List<Source> sources() {
    return sources;
  }

  int nodeCount() {
    return nodeCount;
  }

  int bufferCount() {
    return bufferCount;
  }

  /** For the owner's file, which may have more columns, in another order. */
  static Projection of(Schema schema, TableSchema agreed, Table table) {
    return Messages.checked(table, () -> find(schema, agreed, table));
  }

  /** For what another party sent: exactly the agreed columns in the agreed order. */
  static Projection exact(Schema schema, TableSchema agreed, Table table) {
    Projection found = of(schema, agreed, table);
    boolean inOrder = found.nodeCount == agreed.entries().size();
    for (int i = 0; inOrder && i < found.sources.size(); i++) {
      inOrder = found.sources.get(i).node() == i;
    }
    if (!inOrder) {
      throw table.invalid("its columns are not exactly those of the agreement");
    }
    return found;
  }

  private static Projection find(Schema schema, TableSchema agreed, Table table) {
    if (schema.endianness() != Endianness.Little) {
      throw table.invalid("it is not little-endian");
    }
    int count = schema.fieldsLength();
    if (count < 0 || count > ArrowLimits.FIELD_COUNT_MAX) {
      throw table.invalid("it has more than " + ArrowLimits.FIELD_COUNT_MAX + " columns");
    }
    Map<String, Place> places = new HashMap<>();
    int buffer = 0;
    for (int i = 0; i < count; i++) {
      Field field = schema.fields(i);
      if (places.put(String.valueOf(field.name()), new Place(field, i, buffer)) != null) {
        throw table.invalid("it has two columns named '%s'".formatted(field.name()));
      }
      buffer += bufferCount(field, table);
    }
    List<Source> sources =
        agreed.entries().stream().map(entry -> source(entry, places, table)).toList();
    return new Projection(sources, count, buffer);
  }

  private static Source source(TableSchema.Entry entry, Map<String, Place> places, Table table) {
    Place place = places.get(entry.name());
    if (place == null) {
      throw table.invalid("column '%s' of the agreement is missing".formatted(entry.name()));
    }
    if (!entry.layout().matches(place.field())) {
      throw table.invalid(
          "column '%s' is not of the agreement's type: expected %s, came Arrow type %s"
              .formatted(entry.name(), entry.layout(), typeName(place.field())));
    }
    return new Source(entry, place.node(), place.buffer());
  }

  /** Buffers of a column in every batch; a column that is not agreed still takes its places. */
  private static int bufferCount(Field field, Table table) {
    if (field.dictionary() != null || field.childrenLength() != 0) {
      throw table.invalid(
          "column '%s' is nested or dictionary-encoded; only flat columns can be read"
              .formatted(field.name()));
    }
    return switch (field.typeType()) {
      case Type.Int,
          Type.FloatingPoint,
          Type.Bool,
          Type.Decimal,
          Type.Date,
          Type.Time,
          Type.Timestamp,
          Type.Interval,
          Type.Duration,
          Type.FixedSizeBinary ->
          2;
      case Type.Utf8, Type.Binary, Type.LargeUtf8, Type.LargeBinary -> 3;
      case Type.Null -> 0;
      default ->
          throw table.invalid(
              "column '%s' has the Arrow type %s, which can't be read"
                  .formatted(field.name(), typeName(field)));
    };
  }

  private static String typeName(Field field) {
    int type = field.typeType();
    return type >= 0 && type < Type.names.length ? Type.names[type] : Integer.toString(type);
  }
}
