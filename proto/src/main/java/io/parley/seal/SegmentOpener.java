package io.parley.seal;

import com.google.protobuf.ByteString;
import io.parley.wire.BugException;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import javax.crypto.AEADBadTagException;

/** Opens a stream, segment by segment, in constant memory. Not thread-safe. */
final class SegmentOpener implements AutoCloseable {
  private final DigestingChannel file;
  private final SegmentCipher cipher;
  // One byte more than a segment: a segment is the last when nothing follows it.
  private final ByteBuffer sealed = ByteBuffer.allocateDirect(SegmentCipher.SEGMENT_BYTES + 1);
  private final ByteBuffer plain = ByteBuffer.allocateDirect(SegmentCipher.SEGMENT_BYTES);
  private boolean ended;

  SegmentOpener(Secret resultKey, ByteString associatedData, DigestingChannel file) {
    this.file = file;
    ByteBuffer bytes = ByteBuffer.allocate(SegmentCipher.HEADER_SIZE_BYTES);
    fill(bytes);
    ByteString header = ByteString.copyFrom(bytes.flip());
    if (header.size() != SegmentCipher.HEADER_SIZE_BYTES
        || header.byteAt(0) != SegmentCipher.HEADER_SIZE_BYTES) {
      throw wrong();
    }
    cipher = new SegmentCipher(resultKey, header, associatedData);
  }

  /**
   * Opens the next segment into {@link #plaintext()}.
   *
   * @return false when the last one has been opened before
   * @throws RefusedException INVALID_RESULT when this is not the segment that was sealed here
   */
  boolean next() {
    if (ended) {
      return false;
    }
    int segmentBytes = cipher.segmentBytes();
    sealed.limit(segmentBytes + 1);
    fill(sealed);
    ended = sealed.hasRemaining();
    sealed.flip().limit(Math.min(sealed.limit(), segmentBytes));
    if (sealed.remaining() < SegmentCipher.TAG_SIZE_BYTES) {
      throw wrong();
    }
    try {
      cipher.open(sealed, ended, plain.clear());
    } catch (AEADBadTagException e) {
      throw wrong();
    } catch (GeneralSecurityException e) {
      throw new BugException("opening a segment failed", e);
    }
    sealed.clear();
    if (!ended) {
      // The byte that was looked at begins the next segment.
      sealed.put(sealed.get(segmentBytes));
    }
    plain.flip();
    return true;
  }

  /** Of the segment that was opened last; the next call overwrites it. */
  ByteBuffer plaintext() {
    return plain;
  }

  @Override
  public void close() {
    RecordSender.wipe(plain);
  }

  private void fill(ByteBuffer to) {
    while (to.hasRemaining() && file.read(to) >= 0) {
      // Until it is full, or the file has ended.
    }
  }

  private static RefusedException wrong() {
    return new RefusedException(
        Reason.INVALID_RESULT, "sealed result: it was changed, cut or lengthened; fetch it again");
  }
}
