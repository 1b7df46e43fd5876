package io.parley.peer.tpm;

import com.google.protobuf.ByteString;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * Reads an answer, or a part of one: every length is checked before it is used, and what is left
 * over is an error. Not thread-safe.
 */
final class Response {
  private final String command;
  private final ByteBuffer in;

  Response(String command, ByteBuffer in) {
    this.command = command;
    this.in = in;
  }

  Response(String what, ByteString bytes) {
    this(what, bytes.asReadOnlyByteBuffer());
  }

  int u8(String field) throws IOException {
    require(field, Byte.BYTES);
    return Byte.toUnsignedInt(in.get());
  }

  int u16(String field) throws IOException {
    require(field, Short.BYTES);
    return Short.toUnsignedInt(in.getShort());
  }

  int u32(String field) throws IOException {
    require(field, Integer.BYTES);
    return in.getInt();
  }

  ByteString take(String field, int size) throws IOException {
    require(field, size);
    byte[] bytes = new byte[size];
    in.get(bytes);
    return ByteString.copyFrom(bytes);
  }

  /** Bytes with their size before them (TPM2B). */
  ByteString sized(String field, int most) throws IOException {
    int size = u16(field);
    if (size > most) {
      throw malformed(field, "has %d bytes; expected at most %d".formatted(size, most));
    }
    return take(field, size);
  }

  ByteString rest() {
    return ByteString.copyFrom(in);
  }

  void expect(String field, int seen, int expected) throws IOException {
    if (seen != expected) {
      throw malformed(field, "is 0x%x; expected 0x%x".formatted(seen, expected));
    }
  }

  void end() throws IOException {
    if (in.hasRemaining()) {
      throw malformed("end", "comes %d bytes too late".formatted(in.remaining()));
    }
  }

  private void require(String field, int size) throws IOException {
    if (in.remaining() < size) {
      throw malformed(field, "is cut off: %d bytes of %d".formatted(in.remaining(), size));
    }
  }

  private IOException malformed(String field, String problem) {
    return new IOException(
        "the TPM's answer to %s is malformed: %s %s".formatted(command, field, problem));
  }
}
