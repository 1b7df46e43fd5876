package io.parley.shim.arrow;

import com.google.flatbuffers.FlatBufferBuilder;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.apache.arrow.flatbuf.Buffer;
import org.apache.arrow.flatbuf.FieldNode;
import org.apache.arrow.flatbuf.MessageHeader;
import org.apache.arrow.flatbuf.RecordBatch;

/**
 * The agreed columns of one record batch, looked at: no null where none is allowed, offsets rise
 * and stay inside their text, text is UTF-8, null counts are our own. Valid until its body is
 * reused. Not thread-safe.
 */
public final class CheckedBatch {
  /** Arrow recommends 64; readers that use wide instructions then need no copy. */
  private static final int BODY_ALIGNMENT = 64;

  private static final ByteBuffer PADDING = ByteBuffer.allocateDirect(BODY_ALIGNMENT);

  private final int rows;
  private final long[] nullCounts;
  private final List<ByteBuffer> buffers;

  private CheckedBatch(int rows, long[] nullCounts, List<ByteBuffer> buffers) {
    this.rows = rows;
    this.nullCounts = nullCounts;
    this.buffers = buffers;
  }

  public int rows() {
    return rows;
  }

  long nullCount(int column) {
    return nullCounts[column];
  }

  /** As many rows with other columns, which are as {@link #of} would have found them. */
  CheckedBatch with(long[] counts, List<ByteBuffer> columns) {
    return new CheckedBatch(rows, counts.clone(), columns);
  }

  /**
   * Of each column validity, which is empty where there is no null, offsets where there are any,
   * and values; to be written in place.
   */
  List<ByteBuffer> buffers() {
    return buffers;
  }

  /** Checks a body against its shape. */
  static CheckedBatch of(BatchShape shape, ByteBuffer body, Table table) {
    ByteBuffer bytes = body.duplicate().order(ByteOrder.LITTLE_ENDIAN);
    List<ByteBuffer> buffers = new ArrayList<>();
    long[] nullCounts = new long[shape.columns().size()];
    for (int i = 0; i < nullCounts.length; i++) {
      nullCounts[i] = column(shape.columns().get(i), shape.rows(), bytes, buffers, table);
    }
    return new CheckedBatch(shape.rows(), nullCounts, buffers);
  }

  private static long column(
      BatchShape.ColumnShape column,
      int rows,
      ByteBuffer body,
      List<ByteBuffer> buffers,
      Table table) {
    String name = column.entry().name();
    ByteBuffer validity = slice(body, column.validity());
    long nulls = validity.hasRemaining() ? rows - Buffers.ones(validity, rows) : 0;
    if (nulls != 0 && !column.entry().nullable()) {
      throw table.invalid(
          "column '%s' has nulls; the agreement says that it has none".formatted(name));
    }
    buffers.add(nulls == 0 ? validity.limit(0) : validity);
    ByteBuffer values = slice(body, column.values());
    if (column.entry().layout() instanceof ColumnLayout.Texts) {
      ByteBuffer offsets = slice(body, column.offsets());
      int end = Buffers.offsetsEnd(offsets, values.remaining());
      if (end < 0) {
        throw table.invalid("offsets of column '%s' do not rise within its text".formatted(name));
      }
      if (!Buffers.textsAreUtf8(offsets, values.limit(end))) {
        throw table.invalid("a value of column '%s' is not UTF-8".formatted(name));
      }
      buffers.add(offsets);
    }
    if (column.entry().layout() instanceof ColumnLayout.Decimals type
        && !Decimals.fit(values, validity, rows, type.precision())) {
      throw table.invalid(
          "a value of column '%s' has more than %d digits".formatted(name, type.precision()));
    }
    buffers.add(values);
    return nulls;
  }

  private static ByteBuffer slice(ByteBuffer body, BatchShape.Range range) {
    return body.slice(range.start(), range.length()).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** The metadata message of what {@link #writeBody} writes. */
  ByteBuffer message() {
    FlatBufferBuilder builder = new FlatBufferBuilder(1024);
    RecordBatch.startBuffersVector(builder, buffers.size());
    long end = bodyLength();
    for (int i = buffers.size() - 1; i >= 0; i--) {
      int length = buffers.get(i).limit();
      end -= padded(length);
      Buffer.createBuffer(builder, end, length);
    }
    int bufferVector = builder.endVector();
    RecordBatch.startNodesVector(builder, nullCounts.length);
    for (int i = nullCounts.length - 1; i >= 0; i--) {
      FieldNode.createFieldNode(builder, rows, nullCounts[i]);
    }
    int nodeVector = builder.endVector();
    int batch = RecordBatch.createRecordBatch(builder, rows, nodeVector, bufferVector, 0, 0);
    return Messages.encapsulate(builder, MessageHeader.RecordBatch, batch, bodyLength());
  }

  long bodyLength() {
    long length = 0;
    for (ByteBuffer buffer : buffers) {
      length += padded(buffer.limit());
    }
    return length;
  }

  void writeBody(ByteSink sink) {
    for (ByteBuffer buffer : buffers) {
      int length = buffer.limit();
      sink.write(buffer.duplicate().rewind());
      int padding = (int) (padded(length) - length);
      if (padding > 0) {
        sink.write(PADDING.duplicate().limit(padding));
      }
    }
  }

  static long padded(int length) {
    return Math.ceilDiv((long) length, BODY_ALIGNMENT) * BODY_ALIGNMENT;
  }
}
