package io.parley.broker.evidence.nitro;

import com.google.protobuf.ByteString;
import io.parley.broker.evidence.trust.Octets;
import io.parley.wire.RefusedException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/**
 * Reads the part of CBOR (RFC 8949) that attestation documents use, in its one shortest encoding:
 * no indefinite lengths, no longer heads than needed, no floats. What is to come next is said by
 * the caller, so depth is that of the caller's code. Not thread-safe.
 */
final class CborReader {
  private static final int UNSIGNED = 0;
  private static final int NEGATIVE = 1;
  private static final int BYTES = 2;
  private static final int TEXT = 3;
  private static final int ARRAY = 4;
  private static final int MAP = 5;
  private static final int TAG = 6;
  private static final int NULL = 0xf6;
  private static final int INFO_MASK = 0x1f;
  private static final int ONE_BYTE = 24;
  private static final int TWO_BYTES = 25;
  private static final int FOUR_BYTES = 26;
  private static final int EIGHT_BYTES = 27;

  private final ByteString bytes;
  private final Octets in;

  CborReader(String what, ByteString bytes) {
    this.bytes = bytes;
    this.in = new Octets(what, bytes, ByteOrder.BIG_ENDIAN);
  }

  /** Takes a tag if it is this one and comes next. */
  void skipTag(String field, int tag) {
    if (in.left() > 0 && peek() >>> 5 == TAG && head(field, TAG) != tag) {
      throw in.malformed(field, "has another tag than %d".formatted(tag));
    }
  }

  long unsigned(String field) {
    return head(field, UNSIGNED);
  }

  /** A negative number: -1 is -1. */
  long negative(String field) {
    return -1 - head(field, NEGATIVE);
  }

  ByteString bytes(String field, int most) {
    return in.take(field, size(field, BYTES, most));
  }

  /** Bytes, or null, which is the same as none. */
  ByteString bytesOrNull(String field, int most) {
    if (in.left() > 0 && peek() == NULL) {
      in.u8(field);
      return ByteString.EMPTY;
    }
    return bytes(field, most);
  }

  String text(String field, int most) {
    ByteString text = in.take(field, size(field, TEXT, most));
    try {
      return StandardCharsets.UTF_8
          .newDecoder()
          .decode(ByteBuffer.wrap(text.toByteArray()))
          .toString();
    } catch (CharacterCodingException e) {
      throw in.malformed(field, "is not UTF-8");
    }
  }

  /** How many items follow. */
  int array(String field, int most) {
    return size(field, ARRAY, most);
  }

  /** How many keys, each with its value, follow. */
  int map(String field, int most) {
    return size(field, MAP, most);
  }

  void end() {
    in.end();
  }

  RefusedException malformed(String field, String problem) {
    return in.malformed(field, problem);
  }

  private int size(String field, int type, int most) {
    long size = head(field, type);
    if (size < 0 || size > most) {
      throw in.malformed(field, "is longer than %d".formatted(most));
    }
    return (int) size;
  }

  private long head(String field, int type) {
    int first = in.u8(field);
    if (first >>> 5 != type) {
      throw in.malformed(field, "is of CBOR type %d, not %d".formatted(first >>> 5, type));
    }
    int info = first & INFO_MASK;
    long value =
        switch (info) {
          case ONE_BYTE -> in.u8(field);
          case TWO_BYTES -> in.u16(field);
          case FOUR_BYTES -> in.u32(field);
          case EIGHT_BYTES -> in.u64(field);
          default -> info;
        };
    if (info > EIGHT_BYTES || value < 0 || info >= ONE_BYTE && info > shortest(value)) {
      throw in.malformed(field, "is not in its one shortest form");
    }
    return value;
  }

  private static int shortest(long value) {
    if (value < ONE_BYTE) {
      return 0;
    }
    if (value <= 0xff) {
      return ONE_BYTE;
    }
    if (value <= 0xffff) {
      return TWO_BYTES;
    }
    return value <= 0xffffffffL ? FOUR_BYTES : EIGHT_BYTES;
  }

  private int peek() {
    return bytes.byteAt(in.position()) & 0xff;
  }
}
