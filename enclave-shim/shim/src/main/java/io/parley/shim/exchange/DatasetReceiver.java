package io.parley.shim.exchange;

import io.parley.agreement.Dataset;
import io.parley.shim.arrow.ArrowStream;
import io.parley.shim.arrow.ArrowWriter;
import io.parley.shim.arrow.ByteSource;
import io.parley.shim.arrow.Table;
import io.parley.shim.arrow.TableSchema;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.nio.ByteBuffer;
import java.util.Map;

/**
 * Takes in another party's dataset. Nothing of what comes is trusted but who sent it: form, sizes,
 * schema and every buffer are checked, and what is written is written anew.
 */
final class DatasetReceiver {
  private static final int MESSAGE_BYTES_MAX = 4096;

  private final Dataset dataset;
  private final TableSchema schema;
  private final Inputs inputs;

  DatasetReceiver(Dataset dataset, Inputs inputs) {
    this.dataset = dataset;
    this.schema = TableSchema.of(dataset.releasedColumns());
    this.inputs = inputs;
  }

  /**
   * Reads the whole stream and makes it an input. The app sees it, and the sender is told so, only
   * after its last record was checked.
   *
   * @throws RefusedException INVALID_DATASET, PEER_PROTOCOL_BROKEN or MEMORY_LIMIT
   */
  DatasetUse receive(SealedStreams.Incoming source, RowCounter counter) {
    StreamHead head = StreamHead.parse(message(source), dataset.name());
    counter.expect(head.rows());
    try (InputFile input = inputs.create(dataset.name(), head.sizeBytes())) {
      ArrowWriter arrow = ArrowWriter.file(schema, input);
      long rows =
          ArrowStream.read(
              source,
              schema,
              new Table(dataset.name(), dataset.owner()),
              head.rows(),
              head.batchBytesMax(),
              batch -> {
                arrow.accept(batch);
                counter.moved(batch.rows());
              });
      StreamTrailer trailer = StreamTrailer.parse(message(source), dataset.name(), rows);
      source.requireEnd();
      arrow.finish();
      input.complete();
      source.acknowledge();
      return new DatasetUse(dataset.name(), rows, trailer.commitment());
    }
  }

  private byte[] message(ByteSource source) {
    ByteBuffer prefix = ByteBuffer.allocate(Integer.BYTES);
    source.readFully(prefix);
    int length = prefix.getInt(0);
    if (length < 0 || length > MESSAGE_BYTES_MAX) {
      throw new RefusedException(
          Reason.PEER_PROTOCOL_BROKEN,
          "the stream of dataset '%s' has a message of %d bytes; at most %d"
              .formatted(dataset.name(), length, MESSAGE_BYTES_MAX),
          Map.of("dataset", dataset.name()));
    }
    byte[] message = new byte[length];
    source.readFully(ByteBuffer.wrap(message));
    return message;
  }
}
