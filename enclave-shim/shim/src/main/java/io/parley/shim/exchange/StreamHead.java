package io.parley.shim.exchange;

import com.google.protobuf.InvalidProtocolBufferException;
import io.parley.proto.enclave.v1.DatasetStreamHead;
import io.parley.shim.arrow.ArrowLimits;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.util.Map;

/**
 * What a dataset's stream begins with.
 *
 * @param sizeBytes that the agreed columns take
 * @param batchBytesMax no batch has a longer body
 */
record StreamHead(String dataset, long rows, long sizeBytes, int batchBytesMax) {
  byte[] encode() {
    return DatasetStreamHead.newBuilder()
        .setDataset(dataset)
        .setRows(rows)
        .setSizeBytes(sizeBytes)
        .setBatchBytesMax(batchBytesMax)
        .build()
        .toByteArray();
  }

  /**
   * From bytes that another party sent.
   *
   * @throws RefusedException PEER_PROTOCOL_BROKEN
   */
  static StreamHead parse(byte[] bytes, String dataset) {
    try {
      DatasetStreamHead head = DatasetStreamHead.parseFrom(bytes);
      if (head.getDataset().equals(dataset)
          && head.getRows() >= 0
          && head.getSizeBytes() >= 0
          && head.getBatchBytesMax() >= 0
          && head.getBatchBytesMax() <= ArrowLimits.SENT_BODY_BYTES_MAX) {
        return new StreamHead(
            dataset, head.getRows(), head.getSizeBytes(), head.getBatchBytesMax());
      }
    } catch (InvalidProtocolBufferException e) {
      throw broken(dataset, e);
    }
    throw broken(dataset, null);
  }

  private static RefusedException broken(
      String dataset, @org.jspecify.annotations.Nullable Throwable cause) {
    return new RefusedException(
        Reason.PEER_PROTOCOL_BROKEN,
        "the stream of dataset '%s' does not begin as it must".formatted(dataset),
        Map.of("dataset", dataset),
        cause);
  }
}
