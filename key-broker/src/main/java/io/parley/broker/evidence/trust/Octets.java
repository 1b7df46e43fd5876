package io.parley.broker.evidence.trust;

import com.google.protobuf.ByteString;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Map;

/**
 * Reads a binary structure from its beginning to its end. Every read checks first that the bytes
 * are there, and {@link #end} that none are left. Not thread-safe.
 */
public final class Octets {
  private static final int BYTE_MASK = 0xff;
  private static final int SHORT_MASK = 0xffff;

  private final String what;
  private final ByteString bytes;
  private final ByteBuffer buffer;

  /**
   * @param what for messages, such as "quote"
   */
  public Octets(String what, ByteString bytes, ByteOrder order) {
    this.what = what;
    this.bytes = bytes;
    // A part of other bytes may have a buffer that starts at its place in them.
    this.buffer = bytes.asReadOnlyByteBuffer().slice().order(order);
  }

  /** The next bytes. */
  public ByteString take(String field, int size) {
    int from = buffer.position();
    need(field, size);
    buffer.position(from + size);
    return bytes.substring(from, from + size);
  }

  /** The next byte, 0 to 255. */
  public int u8(String field) {
    need(field, Byte.BYTES);
    return buffer.get() & BYTE_MASK;
  }

  /** The next two bytes, 0 to 65535. */
  public int u16(String field) {
    need(field, Short.BYTES);
    return buffer.getShort() & SHORT_MASK;
  }

  /** The next four bytes, 0 to 2^32 - 1. */
  public long u32(String field) {
    need(field, Integer.BYTES);
    return Integer.toUnsignedLong(buffer.getInt());
  }

  /** The next eight bytes as they are: the sign bit is one bit like the others. */
  public long u64(String field) {
    need(field, Long.BYTES);
    return buffer.getLong();
  }

  /** Skips bytes that the format reserves; they must be zero. */
  public void zeros(String field, int size) {
    if (!isZero(take(field, size))) {
      throw malformed(field, "is reserved and not zero");
    }
  }

  /** How many bytes have been read. */
  public int position() {
    return buffer.position();
  }

  /** How many bytes are left. */
  public int left() {
    return buffer.remaining();
  }

  /** Refuses bytes that nothing has read. */
  public void end() {
    if (buffer.hasRemaining()) {
      throw malformed("end", "%d bytes follow it".formatted(buffer.remaining()));
    }
  }

  /** A refusal of the whole structure because of one field. */
  public RefusedException malformed(String field, String problem) {
    return malformed(what, field, problem);
  }

  /** A refusal of a structure because of one of its fields. */
  public static RefusedException malformed(String what, String field, String problem) {
    return new RefusedException(
        Reason.INVALID_EVIDENCE,
        "%s: %s %s".formatted(what, field, problem),
        Map.of("field", field));
  }

  /** Whether there is nothing but zeros. */
  public static boolean isZero(ByteString bytes) {
    for (int i = 0; i < bytes.size(); i++) {
      if (bytes.byteAt(i) != 0) {
        return false;
      }
    }
    return true;
  }

  /** The same bytes from the last to the first. */
  public static ByteString reversed(ByteString bytes) {
    byte[] reversed = new byte[bytes.size()];
    for (int i = 0; i < reversed.length; i++) {
      reversed[i] = bytes.byteAt(reversed.length - 1 - i);
    }
    return ByteString.copyFrom(reversed);
  }

  private void need(String field, int size) {
    if (size < 0 || size > buffer.remaining()) {
      throw malformed(
          field,
          "needs %d bytes from %d on; there are %d"
              .formatted(size, buffer.position(), buffer.remaining()));
    }
  }
}
