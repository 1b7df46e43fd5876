package io.parley.seal;

import com.google.protobuf.ByteString;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * The unambiguous encoding of what a key is bound to: every field, the label first, as its length
 * in 4 bytes big-endian and its bytes. Two different lists of fields never have the same bytes.
 */
final class Fields {
  private ByteString bytes = ByteString.EMPTY;

  private Fields() {}

  static Fields label(String label) {
    return new Fields().add(label);
  }

  Fields add(ByteString field) {
    ByteBuffer length = ByteBuffer.allocate(Integer.BYTES).putInt(0, field.size());
    bytes = bytes.concat(ByteString.copyFrom(length)).concat(field);
    return this;
  }

  Fields add(String text) {
    return add(ByteString.copyFrom(text, StandardCharsets.UTF_8));
  }

  /** 4 bytes, big-endian. */
  Fields add(int number) {
    return add(ByteString.copyFrom(ByteBuffer.allocate(Integer.BYTES).putInt(0, number)));
  }

  /** 8 bytes, big-endian. */
  Fields add(long number) {
    return add(ByteString.copyFrom(ByteBuffer.allocate(Long.BYTES).putLong(0, number)));
  }

  ByteString toByteString() {
    return bytes;
  }
}
