package io.parley.peer.datasets;

import io.parley.agreement.Column;
import io.parley.agreement.ColumnType;
import java.util.List;
import org.apache.arrow.vector.types.DateUnit;
import org.apache.arrow.vector.types.FloatingPointPrecision;
import org.apache.arrow.vector.types.TimeUnit;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.apache.arrow.vector.types.pojo.Schema;

/** The Arrow type that each column type is kept as: those that DuckDB writes too. Stateless. */
final class ArrowTypes {
  private ArrowTypes() {}

  static Schema schema(List<Column> columns) {
    return new Schema(columns.stream().map(ArrowTypes::field).toList());
  }

  private static Field field(Column column) {
    return new Field(
        column.name(), new FieldType(column.nullable(), type(column.type()), null), null);
  }

  private static ArrowType type(ColumnType type) {
    return switch (type) {
      case ColumnType.Plain.BOOLEAN -> ArrowType.Bool.INSTANCE;
      case ColumnType.Plain.TINYINT -> new ArrowType.Int(8, true);
      case ColumnType.Plain.SMALLINT -> new ArrowType.Int(16, true);
      case ColumnType.Plain.INTEGER -> new ArrowType.Int(32, true);
      case ColumnType.Plain.BIGINT -> new ArrowType.Int(64, true);
      case ColumnType.Plain.FLOAT -> new ArrowType.FloatingPoint(FloatingPointPrecision.SINGLE);
      case ColumnType.Plain.DOUBLE -> new ArrowType.FloatingPoint(FloatingPointPrecision.DOUBLE);
      case ColumnType.Decimal d -> new ArrowType.Decimal(d.precision(), d.scale(), 128);
      case ColumnType.Plain.VARCHAR -> ArrowType.Utf8.INSTANCE;
      case ColumnType.Plain.DATE -> new ArrowType.Date(DateUnit.DAY);
      case ColumnType.Plain.TIMESTAMP -> new ArrowType.Timestamp(TimeUnit.MICROSECOND, null);
    };
  }
}
