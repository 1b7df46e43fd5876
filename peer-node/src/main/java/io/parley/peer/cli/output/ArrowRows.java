package io.parley.peer.cli.output;

import io.parley.peer.cli.output.RowWriter.Column;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.DateDayVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.TimeMicroVector;
import org.apache.arrow.vector.TimeNanoVector;
import org.apache.arrow.vector.TimeStampMicroTZVector;
import org.apache.arrow.vector.TimeStampMilliTZVector;
import org.apache.arrow.vector.TimeStampNanoTZVector;
import org.apache.arrow.vector.TimeStampSecTZVector;
import org.apache.arrow.vector.UInt8Vector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ipc.ArrowStreamReader;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.jspecify.annotations.Nullable;

/**
 * Rows of an Arrow IPC file, read from front to back: the file form is the stream form between a
 * magic word and a footer. Holds one record batch at a time.
 */
final class ArrowRows {
  private static final byte[] MAGIC = "ARROW1\0\0".getBytes(StandardCharsets.US_ASCII);
  private static final long MEMORY_LIMIT_BYTES = 1L << 30;
  private static final long NANOS = 1_000_000_000L;

  private ArrowRows() {}

  static void copy(InputStream file, RowWriter writer) throws IOException {
    if (!Arrays.equals(MAGIC, file.readNBytes(MAGIC.length))) {
      throw new RefusedException(Reason.INVALID_RESULT, "the result is not an Arrow IPC file");
    }
    try (BufferAllocator memory = new RootAllocator(MEMORY_LIMIT_BYTES);
        ArrowStreamReader reader = new ArrowStreamReader(file, memory)) {
      VectorSchemaRoot batch = reader.getVectorSchemaRoot();
      writer.begin(batch.getSchema().getFields().stream().map(ArrowRows::column).toList());
      while (reader.loadNextBatch()) {
        rows(batch, writer);
      }
      // The footer, and with it whatever the stream underneath checks at its end: before the
      // reader closes it.
      file.transferTo(OutputStream.nullOutputStream());
    }
  }

  private static void rows(VectorSchemaRoot batch, RowWriter writer) {
    List<FieldVector> vectors = batch.getFieldVectors();
    for (int row = 0; row < batch.getRowCount(); row++) {
      List<@Nullable Object> cells = new ArrayList<>(vectors.size());
      for (FieldVector vector : vectors) {
        cells.add(vector.isNull(row) ? null : cell(vector, row));
      }
      writer.row(cells);
    }
  }

  private static Column column(Field field) {
    boolean number =
        switch (field.getType()) {
          case ArrowType.Int _, ArrowType.FloatingPoint _, ArrowType.Decimal _ -> true;
          default -> false;
        };
    return new Column(field.getName(), number);
  }

  private static Object cell(FieldVector vector, int row) {
    return switch (vector) {
      case DateDayVector days -> LocalDate.ofEpochDay(days.get(row));
      case TimeMicroVector time -> LocalTime.ofNanoOfDay(time.get(row) * 1000);
      case TimeNanoVector time -> LocalTime.ofNanoOfDay(time.get(row));
      case TimeStampSecTZVector time -> Instant.ofEpochSecond(time.get(row));
      case TimeStampMilliTZVector time -> Instant.ofEpochMilli(time.get(row));
      case TimeStampMicroTZVector time -> instant(time.get(row), 1_000_000L);
      case TimeStampNanoTZVector time -> instant(time.get(row), NANOS);
      case UInt8Vector unsigned -> new BigInteger(Long.toUnsignedString(unsigned.get(row)));
      default -> plain(vector, row);
    };
  }

  private static Instant instant(long units, long unitsPerSecond) {
    return Instant.ofEpochSecond(
        Math.floorDiv(units, unitsPerSecond),
        Math.floorMod(units, unitsPerSecond) * (NANOS / unitsPerSecond));
  }

  private static Object plain(FieldVector vector, int row) {
    Object value = vector.getObject(row);
    if (value instanceof byte[] bytes) {
      return java.util.HexFormat.of().formatHex(bytes);
    }
    boolean kept =
        value instanceof Number
            || value instanceof Boolean
            || value instanceof BigDecimal
            || value instanceof java.time.temporal.Temporal;
    return kept ? value : value.toString();
  }
}
