package io.parley.seal;

import com.google.protobuf.ByteString;
import io.parley.wire.BugException;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;

/** Seals a stream, segment by segment. Not thread-safe. */
final class SegmentSealer {
  private final ByteString header;
  private final SegmentCipher cipher;

  SegmentSealer(Secret resultKey, ByteString associatedData, SecureRandom random) {
    byte[] bytes = new byte[SegmentCipher.HEADER_SIZE_BYTES];
    random.nextBytes(bytes);
    bytes[0] = SegmentCipher.HEADER_SIZE_BYTES;
    header = ByteString.copyFrom(bytes);
    cipher = new SegmentCipher(resultKey, header, associatedData);
  }

  /** What stands before the first segment. */
  ByteString header() {
    return header;
  }

  /** How many plaintext bytes the next segment holds when it is full. */
  int capacity() {
    return cipher.segmentBytes() - SegmentCipher.TAG_SIZE_BYTES;
  }

  /** Appends the sealed segment to {@code to}. */
  void seal(ByteBuffer plaintext, boolean last, ByteBuffer to) {
    try {
      cipher.seal(plaintext, last, to);
    } catch (GeneralSecurityException e) {
      throw new BugException("sealing a segment failed", e);
    }
  }
}
