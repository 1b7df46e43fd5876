package io.parley.seal;

import com.google.protobuf.ByteString;
import io.parley.wire.BugException;
import io.parley.wire.Digest;
import io.parley.wire.EnvironmentException;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.util.Arrays;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Opens a sealed result file with a recipient's key, in constant memory.
 *
 * <p>What is handed out is authentic byte by byte, but that it is whole is known only when {@link
 * #copyTo} has returned: let nobody act on a part, and write to a file that gets its name last. Who
 * sealed it is for the receipt to say: compare {@link #digest()} with it. Not thread-safe.
 */
public final class SealedResultReader {
  private final DigestingChannel file;
  private final ResultHead head;
  private final ByteString headBytes;
  private boolean opened;
  private @Nullable Digest digest;

  private SealedResultReader(DigestingChannel file, ResultHead head, ByteString headBytes) {
    this.file = file;
    this.head = head;
    this.headBytes = headBytes;
  }

  /**
   * Reads the head; needs no key.
   *
   * @throws RefusedException INVALID_RESULT when this is no sealed result file
   * @throws EnvironmentException IO_FAILED when the file cannot be read
   */
  public static SealedResultReader open(ReadableByteChannel source) {
    DigestingChannel file = new DigestingChannel(source);
    ByteBuffer start = readFully(file, SealedResultWriter.MAGIC.length + Integer.BYTES);
    byte[] magic = new byte[SealedResultWriter.MAGIC.length];
    start.get(magic);
    if (!Arrays.equals(magic, SealedResultWriter.MAGIC)) {
      throw wrong("it does not begin with PARLEYR1, so it is no sealed result file");
    }
    int size = start.getInt();
    if (size < 1 || size > ResultHead.MAX_SIZE_BYTES) {
      throw wrong(
          "its head is %d bytes long; expected 1 to %d"
              .formatted(Integer.toUnsignedLong(size), ResultHead.MAX_SIZE_BYTES));
    }
    ByteString head = ByteString.copyFrom(readFully(file, size));
    return new SealedResultReader(file, ResultHead.parse(head), head);
  }

  public ResultHead head() {
    return head;
  }

  /**
   * Opens the stream and copies all of it, once.
   *
   * @return number of plaintext bytes
   * @throws RefusedException NOT_A_RECIPIENT, with the names of those who are; INVALID_RESULT when
   *     it was changed, cut or lengthened, or {@code keys} are not those it was sealed to
   * @throws EnvironmentException IO_FAILED when the file cannot be read, or the copy not written
   */
  public long copyTo(String party, HpkeKeyPair keys, WritableByteChannel to) {
    if (opened) {
      throw new BugException("a sealed result is opened twice");
    }
    opened = true;
    SealedKey sealed = head.keyFor(party);
    try (Secret key = Hpke.open(keys, head.bindings().recipient(party), sealed);
        SegmentOpener opener = new SegmentOpener(key, Digest.of(headBytes).value(), file)) {
      long count = copy(opener, to);
      digest = file.digest();
      return count;
    }
  }

  /** SHA-256 of the whole file, once {@link #copyTo} has returned. */
  public Digest digest() {
    if (digest == null) {
      throw new BugException("the digest of a sealed result is known when all of it was read");
    }
    return digest;
  }

  private static long copy(SegmentOpener from, WritableByteChannel to) {
    long count = 0;
    try {
      while (from.next()) {
        count += from.plaintext().remaining();
        while (from.plaintext().hasRemaining()) {
          to.write(from.plaintext());
        }
      }
      return count;
    } catch (IOException e) {
      throw new EnvironmentException(
          Reason.IO_FAILED,
          "an opened result could not be written: " + e.getMessage(),
          Map.of(),
          e);
    }
  }

  private static ByteBuffer readFully(DigestingChannel file, int size) {
    ByteBuffer buffer = ByteBuffer.allocate(size);
    while (buffer.hasRemaining()) {
      if (file.read(buffer) < 0) {
        throw wrong("it ends within its head");
      }
    }
    return buffer.flip();
  }

  private static RefusedException wrong(String problem) {
    return new RefusedException(Reason.INVALID_RESULT, "sealed result: " + problem);
  }
}
