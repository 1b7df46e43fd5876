package io.parley.shim.arrow;

import com.google.flatbuffers.FlatBufferBuilder;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.function.Supplier;
import org.apache.arrow.flatbuf.Message;
import org.apache.arrow.flatbuf.MetadataVersion;
import org.jspecify.annotations.Nullable;

/**
 * Encapsulated messages: a continuation marker, the metadata's length, the metadata padded to eight
 * bytes, and outside of this class the body.
 *
 * @see <a href="https://arrow.apache.org/docs/format/Columnar.html">Arrow Columnar Format,
 *     "Encapsulated message format"</a>
 */
final class Messages {
  static final int CONTINUATION = 0xFFFFFFFF;
  static final int PREFIX_BYTES = 8;
  static final int ALIGNMENT = 8;

  private Messages() {}

  static ByteBuffer encapsulate(
      FlatBufferBuilder builder, byte headerType, int header, long bodyLength) {
    builder.finish(
        Message.createMessage(builder, MetadataVersion.V5, headerType, header, bodyLength, 0));
    ByteBuffer metadata = builder.dataBuffer();
    int padded = pad(metadata.remaining());
    ByteBuffer message = ByteBuffer.allocate(PREFIX_BYTES + padded).order(ByteOrder.LITTLE_ENDIAN);
    message.putInt(CONTINUATION).putInt(padded).put(metadata);
    return message.rewind();
  }

  static int pad(int length) {
    return Math.ceilDiv(length, ALIGNMENT) * ALIGNMENT;
  }

  /** The next message's metadata, or null at the end-of-stream marker. */
  static @Nullable Message next(ByteSource source, Table table) {
    ByteBuffer prefix = ByteBuffer.allocate(PREFIX_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    source.readFully(prefix);
    int length = length(prefix.flip(), table);
    if (length == 0) {
      return null;
    }
    ByteBuffer metadata = ByteBuffer.allocate(length);
    source.readFully(metadata);
    return parse(metadata.flip(), table);
  }

  /** Checks a prefix; returns the metadata's length. */
  static int length(ByteBuffer prefix, Table table) {
    int continuation = prefix.getInt();
    int length = prefix.getInt();
    if (continuation != CONTINUATION
        || length < 0
        || length > ArrowLimits.METADATA_BYTES_MAX
        || length % ALIGNMENT != 0) {
      throw table.invalid("it is no Arrow stream: a message has no valid prefix");
    }
    return length;
  }

  static Message parse(ByteBuffer metadata, Table table) {
    return checked(
        table,
        () -> {
          Message message = Message.getRootAsMessage(metadata);
          if (message.version() != MetadataVersion.V5 && message.version() != MetadataVersion.V4) {
            throw table.invalid("Arrow metadata version is neither 4 nor 5");
          }
          return message;
        });
  }

  /**
   * Runs a read of a flatbuffer. Its accessors trust what they read, but go through ByteBuffer: the
   * worst that a hostile one can do is one of these exceptions.
   */
  static <T> T checked(Table table, Supplier<T> read) {
    try {
      return read.get();
    } catch (IndexOutOfBoundsException
        | IllegalArgumentException
        | ArithmeticException
        | AssertionError
        | ClassCastException
        | java.nio.BufferUnderflowException e) {
      throw table.invalid("its Arrow metadata is malformed", e);
    }
  }
}
