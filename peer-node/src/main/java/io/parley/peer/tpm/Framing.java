package io.parley.peer.tpm;

import java.io.IOException;
import java.nio.ByteBuffer;

/** How long an answer says that it is (TPM 2.0 Library, Part 1, section 18.5). */
final class Framing {
  private static final int SIZE_AT = Short.BYTES;

  private Framing() {}

  /** Whether all of an answer is there; more than that is an error. */
  static boolean complete(ByteBuffer received) throws IOException {
    if (received.position() < TpmTransport.HEADER_BYTES) {
      return false;
    }
    int size = received.getInt(SIZE_AT);
    if (size < TpmTransport.HEADER_BYTES || size > TpmTransport.MAX_BYTES) {
      throw new IOException(
          "the TPM's answer says that it has %d bytes; expected %d to %d"
              .formatted(
                  Integer.toUnsignedLong(size), TpmTransport.HEADER_BYTES, TpmTransport.MAX_BYTES));
    }
    if (received.position() > size) {
      throw new IOException(
          "the TPM sent %d bytes; its answer says that it has %d"
              .formatted(received.position(), size));
    }
    return received.position() == size;
  }

  static byte[] taken(ByteBuffer received) {
    byte[] answer = new byte[received.position()];
    received.get(0, answer);
    return answer;
  }
}
