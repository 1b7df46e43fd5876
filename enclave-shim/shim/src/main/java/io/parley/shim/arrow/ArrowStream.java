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
   * @param batchBytesMax largest body that is accepted
   * @return rows
   * @throws io.parley.wire.RefusedException INVALID_DATASET
   */
  public static long read(
      ByteSource source, TableSchema agreed, Table table, int batchBytesMax, BatchSink sink) {
    Message first = Messages.next(source, table);
    if (first == null) {
      throw table.invalid("its stream ends before a schema");
    }
    Projection projection = Projection.exact(schema(first, table), agreed, table);
    BodyBuffer bodies = new BodyBuffer(Math.min(batchBytesMax, ArrowLimits.SENT_BODY_BYTES_MAX));
    long rows = 0;
    Message message = Messages.next(source, table);
    while (message != null) {
      BatchShape shape = BatchShape.of(message, projection, table);
      ByteBuffer body = bodies.take(shape.bodyLength(), table);
      source.readFully(body);
      sink.accept(CheckedBatch.of(shape, body.flip(), table));
      rows = Math.addExact(rows, shape.rows());
      message = Messages.next(source, table);
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
