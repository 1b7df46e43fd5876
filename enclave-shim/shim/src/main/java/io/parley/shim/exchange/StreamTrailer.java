package io.parley.shim.exchange;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.parley.proto.enclave.v1.DatasetStreamTrailer;
import io.parley.wire.Digest;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What a dataset's stream ends with. */
record StreamTrailer(long rows, Digest commitment) {
  byte[] encode() {
    return DatasetStreamTrailer.newBuilder()
        .setRows(rows)
        .setCommitment(commitment.value())
        .build()
        .toByteArray();
  }

  /**
   * From bytes that another party sent.
   *
   * @param rows that came
   * @throws RefusedException PEER_PROTOCOL_BROKEN
   */
  static StreamTrailer parse(byte[] bytes, String dataset, long rows) {
    try {
      DatasetStreamTrailer trailer = DatasetStreamTrailer.parseFrom(bytes);
      ByteString commitment = trailer.getCommitment();
      if (trailer.getRows() == rows && commitment.size() == Digest.SIZE_BYTES) {
        return new StreamTrailer(rows, new Digest(commitment));
      }
    } catch (InvalidProtocolBufferException e) {
      throw broken(dataset, e);
    }
    throw broken(dataset, null);
  }

  private static RefusedException broken(String dataset, @Nullable Throwable cause) {
    return new RefusedException(
        Reason.PEER_PROTOCOL_BROKEN,
        "the stream of dataset '%s' does not end as it must: its rows are not those that came"
            .formatted(dataset),
        Map.of("dataset", dataset),
        cause);
  }
}
