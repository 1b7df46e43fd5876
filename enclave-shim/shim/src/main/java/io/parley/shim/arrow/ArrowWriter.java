package io.parley.shim.arrow;

import com.google.flatbuffers.FlatBufferBuilder;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.apache.arrow.flatbuf.Block;
import org.apache.arrow.flatbuf.Footer;
import org.apache.arrow.flatbuf.MetadataVersion;

/**
 * Writes checked batches as an Arrow IPC stream or an Arrow IPC file. Batches without rows are left
 * out. Not thread-safe; after a failure of its sink it must not be used again.
 */
public final class ArrowWriter implements BatchSink {
  static final byte[] MAGIC = {'A', 'R', 'R', 'O', 'W', '1'};

  private record Written(long offset, int metadataLength, long bodyLength) {}

  private final TableSchema schema;
  private final ByteSink sink;
  private final boolean file;
  private final List<Written> blocks = new ArrayList<>();
  private long position;
  private long rows;

  private ArrowWriter(TableSchema schema, ByteSink sink, boolean file) {
    this.schema = schema;
    this.sink = sink;
    this.file = file;
  }

  /** Starts a stream: the schema goes out at once. */
  public static ArrowWriter stream(TableSchema schema, ByteSink sink) {
    ArrowWriter writer = new ArrowWriter(schema, sink, false);
    writer.write(schema.message());
    return writer;
  }

  /** Starts a file: magic and schema go out at once. */
  public static ArrowWriter file(TableSchema schema, ByteSink sink) {
    ArrowWriter writer = new ArrowWriter(schema, sink, true);
    writer.write(ByteBuffer.allocate(Messages.ALIGNMENT).put(MAGIC).rewind());
    writer.write(schema.message());
    return writer;
  }

  @Override
  public void accept(CheckedBatch batch) {
    if (batch.rows() == 0) {
      return;
    }
    ByteBuffer message = batch.message();
    long bodyLength = batch.bodyLength();
    if (file) {
      blocks.add(new Written(position, message.remaining(), bodyLength));
    }
    write(message);
    batch.writeBody(sink);
    position += bodyLength;
    rows += batch.rows();
  }

  /** Rows so far. */
  public long rows() {
    return rows;
  }

  /** Bytes so far. */
  public long bytes() {
    return position;
  }

  /** Ends the stream, and for a file writes its footer. */
  public void finish() {
    write(littleEndian(Messages.PREFIX_BYTES).putInt(Messages.CONTINUATION).putInt(0).rewind());
    if (file) {
      ByteBuffer footer = footer();
      int length = footer.remaining();
      write(footer);
      write(littleEndian(Integer.BYTES + MAGIC.length).putInt(length).put(MAGIC).rewind());
    }
  }

  private ByteBuffer footer() {
    FlatBufferBuilder builder = new FlatBufferBuilder(1024);
    int schemaOffset = schema.writeTo(builder);
    Footer.startDictionariesVector(builder, 0);
    int dictionaries = builder.endVector();
    Footer.startRecordBatchesVector(builder, blocks.size());
    for (Written block : blocks.reversed()) {
      Block.createBlock(builder, block.offset(), block.metadataLength(), block.bodyLength());
    }
    int batches = builder.endVector();
    builder.finish(
        Footer.createFooter(builder, MetadataVersion.V5, schemaOffset, dictionaries, batches, 0));
    return builder.dataBuffer();
  }

  private void write(ByteBuffer bytes) {
    position += bytes.remaining();
    sink.write(bytes);
  }

  private static ByteBuffer littleEndian(int length) {
    return ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
  }
}
