package io.parley.shim.arrow;

import java.util.ArrayList;
import java.util.List;
import org.apache.arrow.flatbuf.Buffer;
import org.apache.arrow.flatbuf.FieldNode;
import org.apache.arrow.flatbuf.Message;
import org.apache.arrow.flatbuf.MessageHeader;
import org.apache.arrow.flatbuf.RecordBatch;

/**
 * One record batch by its metadata: how many rows, and where the agreed columns' buffers are in the
 * body. Every range lies inside the body and is as long as its rows need; what is in them has not
 * been looked at.
 */
record BatchShape(int rows, int bodyLength, List<ColumnShape> columns) {
  /** A buffer within the body; length 0 means that it is not there. */
  record Range(int start, int length) {}

  /**
   * @param offsets of texts, else null-like: length 0
   */
  record ColumnShape(TableSchema.Entry entry, Range validity, Range offsets, Range values) {}

  /** Bytes that the agreed columns take once written anew, at most. */
  long bytes() {
    long sum = 0;
    for (ColumnShape column : columns) {
      sum += CheckedBatch.padded(column.validity().length());
      sum += CheckedBatch.padded(column.offsets().length());
      sum += CheckedBatch.padded(column.values().length());
    }
    return sum;
  }

  static BatchShape of(Message message, Projection projection, Table table) {
    return Messages.checked(table, () -> new Parser(message, projection, table).parse());
  }

  /** Holds what one parse needs at hand. */
  private static final class Parser {
    private static final Range NONE = new Range(0, 0);

    private final Message message;
    private final Projection projection;
    private final Table table;
    private final RecordBatch batch = new RecordBatch();
    private int bodyLength;
    private int rows;

    Parser(Message message, Projection projection, Table table) {
      this.message = message;
      this.projection = projection;
      this.table = table;
    }

    BatchShape parse() {
      if (message.headerType() != MessageHeader.RecordBatch || message.header(batch) == null) {
        throw table.invalid("a message is no record batch");
      }
      if (batch.compression() != null || batch.variadicBufferCountsLength() != 0) {
        throw table.invalid("its batches are compressed or use view types");
      }
      bodyLength = length(message.bodyLength(), ArrowLimits.SENT_BODY_BYTES_MAX, "body");
      rows = length(batch.length(), Integer.MAX_VALUE - 64, "row count");
      if (batch.nodesLength() != projection.nodeCount()
          || batch.buffersLength() != projection.bufferCount()) {
        throw table.invalid("a record batch has another number of columns than the schema");
      }
      List<ColumnShape> columns = new ArrayList<>(projection.sources().size());
      for (Projection.Source source : projection.sources()) {
        columns.add(column(source));
      }
      BatchShape shape = new BatchShape(rows, bodyLength, columns);
      // Buffers may lie over each other, and so be more than the body that they are in.
      if (shape.bytes() > ArrowLimits.SENT_BODY_BYTES_MAX) {
        throw table.invalid(
            "the columns of a batch take more than %d bytes"
                .formatted(ArrowLimits.SENT_BODY_BYTES_MAX));
      }
      return shape;
    }

    private ColumnShape column(Projection.Source source) {
      ColumnLayout layout = source.entry().layout();
      FieldNode node = batch.nodes(source.node());
      if (node.length() != rows) {
        throw table.invalid("column '%s' has another length".formatted(source.entry().name()));
      }
      int at = source.buffer();
      Range validity = range(batch.buffers(at), bytes(rows, 1), true, source);
      if (validity.length() == 0 && node.nullCount() != 0 && rows > 0) {
        throw table.invalid(
            "column '%s' has nulls and no validity buffer".formatted(source.entry().name()));
      }
      if (!(layout instanceof ColumnLayout.Texts)) {
        long need = bytes(rows, layout.bitWidth());
        return new ColumnShape(
            source.entry(), validity, NONE, range(batch.buffers(at + 1), need, false, source));
      }
      Range offsets =
          rows == 0
              ? NONE
              : range(batch.buffers(at + 1), (rows + 1L) * Integer.BYTES, false, source);
      Buffer text = batch.buffers(at + 2);
      return new ColumnShape(
          source.entry(),
          validity,
          offsets,
          range(text, Math.max(0, text.length()), false, source));
    }

    /** The first {@code need} bytes of a buffer that has at least as many. */
    private Range range(Buffer buffer, long need, boolean optional, Projection.Source source) {
      if (optional && buffer.length() == 0) {
        return NONE;
      }
      if (buffer.offset() < 0
          || buffer.offset() > bodyLength
          || buffer.length() < need
          || buffer.length() > bodyLength - buffer.offset()) {
        throw table.invalid(
            "a buffer of column '%s' has length %d at %d in a body of %d bytes; expected at least %d"
                .formatted(
                    source.entry().name(), buffer.length(), buffer.offset(), bodyLength, need));
      }
      return new Range((int) buffer.offset(), (int) need);
    }

    private int length(long value, int max, String what) {
      if (value < 0 || value > max) {
        throw table.invalid(
            "a record batch has a %s of %d; at most %d is allowed".formatted(what, value, max));
      }
      return (int) value;
    }

    private static long bytes(long rows, int bitWidth) {
      return Math.ceilDiv(rows * bitWidth, 8L);
    }
  }
}
