package io.parley.shim.arrow;

import java.nio.ByteBuffer;
import org.apache.arrow.flatbuf.Message;
import org.apache.arrow.flatbuf.MessageHeader;
import org.apache.arrow.flatbuf.Schema;

/**
 * Reads an Arrow IPC stream that another party sent. Exactly the agreed schema, flat and
 * uncompressed batches, each checked before it is passed on; one batch is held at a time.
 */
public final class ArrowStream {
  private ArrowStream() {}

  /**
   * Reads to the end-of-stream marker.
   *
   * @param announcedRows that must come, no more and no less
   * @param batchBytesMax largest body that is accepted
   * @return rows
   * @throws io.parley.wire.RefusedException INVALID_DATASET
   */
  public static long read(
      ByteSource source,
      TableSchema agreed,
      Table table,
      long announcedRows,
      int batchBytesMax,
      BatchSink sink) {
    Message first = Messages.next(source, table);
    if (first == null) {
      throw table.invalid("its stream ends before a schema");
    }
    Projection projection = Projection.exact(schema(first, table), agreed, table);
    BodyBuffer bodies = new BodyBuffer(Math.min(batchBytesMax, ArrowLimits.SENT_BODY_BYTES_MAX));
    long rows = 0;
    int batches = 0;
    Message message = Messages.next(source, table);
    while (message != null) {
      BatchShape shape = BatchShape.of(message, projection, table);
      rows += shape.rows();
      // Empty ones take nobody's memory, and could come without end.
      if (rows > announcedRows || ++batches > ArrowLimits.BATCH_COUNT_MAX) {
        throw table.invalid(
            "its stream goes on after the %d rows that it announced, or in more than %d batches"
                .formatted(announcedRows, ArrowLimits.BATCH_COUNT_MAX));
      }
      ByteBuffer body = bodies.take(shape.bodyLength(), table);
      source.readFully(body);
      sink.accept(CheckedBatch.of(shape, body.flip(), table));
      message = Messages.next(source, table);
    }
    if (rows != announcedRows) {
      throw table.invalid("its stream has %d rows; it announced %d".formatted(rows, announcedRows));
    }
    return rows;
  }

  private static Schema schema(Message message, Table table) {
    return Messages.checked(
        table,
        () -> {
          if (message.headerType() == MessageHeader.Schema
              && message.bodyLength() == 0
              && message.header(new Schema()) instanceof Schema schema) {
            return schema;
          }
          throw table.invalid("its stream does not begin with a schema");
        });
  }
}
