package io.parley.shim.exchange;

import io.parley.shim.arrow.ArrowWriter;
import io.parley.shim.arrow.ByteSink;
import java.nio.ByteBuffer;
import java.util.function.LongConsumer;

/** Sends one of our datasets to a computing enclave, in constant memory. */
final class DatasetSender {
  private DatasetSender() {}

  /**
   * Writes the whole stream, head to trailer.
   *
   * @param progress takes rows as they go
   */
  static DatasetUse send(
      OwnDataset own, Certificates certificates, ByteSink sink, LongConsumer progress) {
    write(own.head().encode(), sink);
    ArrowWriter arrow = ArrowWriter.stream(own.schema(), sink);
    DatasetUse use =
        own.read(
            certificates,
            batch -> {
              arrow.accept(batch);
              progress.accept(batch.rows());
            });
    arrow.finish();
    write(new StreamTrailer(arrow.rows(), use.commitment()).encode(), sink);
    return use;
  }

  private static void write(byte[] message, ByteSink sink) {
    sink.write(ByteBuffer.allocate(Integer.BYTES).putInt(0, message.length));
    sink.write(ByteBuffer.wrap(message));
  }
}
