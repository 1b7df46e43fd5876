package io.parley.seal;

import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.nio.ByteBuffer;
import java.util.Map;

/**
 * The layout of a record: 4 bytes big-endian length of what follows, 1 byte type, ciphertext, 16
 * bytes tag. The 5 bytes of the header are the additional authenticated data.
 */
final class Records {
  static final int HEADER_SIZE_BYTES = 5;
  static final int TAG_SIZE_BYTES = 16;
  static final int MAX_PLAINTEXT_BYTES = 1 << 20;
  static final long MAX_RECORDS = 1L << 24;

  /** Some of the stream's bytes; never empty. */
  static final byte DATA = 1;

  /** The rest of the stream's bytes, perhaps none. Once per direction. */
  static final byte LAST = 2;

  /** The sender gave up; the plaintext is the reason's name. */
  static final byte ABORT = 3;

  /** Everything up to LAST has arrived: 8 bytes count of bytes, 8 bytes count of records. */
  static final byte ACKNOWLEDGE = 4;

  static final int ACKNOWLEDGE_SIZE_BYTES = 2 * Long.BYTES;
  static final int MAX_ABORT_BYTES = 64;

  private Records() {}

  static void putHeader(byte[] header, byte type, int plaintextBytes) {
    ByteBuffer.wrap(header).putInt(1 + plaintextBytes + TAG_SIZE_BYTES).put(type);
  }

  /**
   * Length of the ciphertext with its tag. Checked here, before anything is allocated for it.
   *
   * @throws RefusedException INVALID_RECORD when no record of this type can have it
   */
  static int bodyBytes(byte[] header) {
    byte type = header[Integer.BYTES];
    long plaintext = Integer.toUnsignedLong(ByteBuffer.wrap(header).getInt()) - 1 - TAG_SIZE_BYTES;
    boolean good =
        switch (type) {
          case DATA -> 0 < plaintext && plaintext <= MAX_PLAINTEXT_BYTES;
          case LAST -> 0 <= plaintext && plaintext <= MAX_PLAINTEXT_BYTES;
          case ABORT -> 0 < plaintext && plaintext <= MAX_ABORT_BYTES;
          case ACKNOWLEDGE -> plaintext == ACKNOWLEDGE_SIZE_BYTES;
          default -> false;
        };
    if (!good) {
      throw new RefusedException(
          Reason.INVALID_RECORD,
          "record of type %d with %d bytes; expected a type of 1 to 4 and at most %d bytes"
              .formatted(type, plaintext, MAX_PLAINTEXT_BYTES),
          Map.of("type", Byte.toString(type), "size", Long.toString(plaintext)));
    }
    return (int) plaintext + TAG_SIZE_BYTES;
  }
}
