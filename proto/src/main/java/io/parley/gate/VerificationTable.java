package io.parley.gate;

import com.google.protobuf.ByteString;

/**
 * Rows that an owner made up for a dataset of the agreement, its own or another party's.
 *
 * @param arrow an Arrow IPC file with the agreement's columns; what is in it, nobody has looked at
 */
public record VerificationTable(String dataset, long rows, ByteString arrow) {
  io.parley.proto.enclave.v1.VerificationTable toMessage() {
    return io.parley.proto.enclave.v1.VerificationTable.newBuilder()
        .setDataset(dataset)
        .setRows(rows)
        .setArrow(arrow)
        .build();
  }

  static VerificationTable fromMessage(io.parley.proto.enclave.v1.VerificationTable message) {
    return new VerificationTable(message.getDataset(), message.getRows(), message.getArrow());
  }
}
