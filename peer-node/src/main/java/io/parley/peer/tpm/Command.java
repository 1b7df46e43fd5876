package io.parley.peer.tpm;

import com.google.protobuf.ByteString;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * One command while it is written (TPM 2.0 Library, Part 1, section 18): handles, then
 * authorisations, then parameters. Not thread-safe.
 */
final class Command {
  private static final int SIZE_AT = Short.BYTES;

  private final String name;
  private final ByteBuffer out = ByteBuffer.allocate(TpmTransport.MAX_BYTES);
  private final boolean sessions;

  private Command(String name, int code, boolean sessions) {
    this.name = name;
    this.sessions = sessions;
    out.putShort((short) (sessions ? Tpm2.ST_SESSIONS : Tpm2.ST_NO_SESSIONS))
        .putInt(0)
        .putInt(code);
  }

  /** A command that nobody has to authorise. */
  static Command plain(String name, int code, int... handles) {
    return new Command(name, code, false).handles(handles);
  }

  /** A command that the empty password authorises, once for each handle. */
  static Command authorized(String name, int code, int... handles) {
    return new Command(name, code, true).handles(handles).sessions(List.of(Tpm2.RS_PW));
  }

  /** A command with these sessions, each with an empty password. */
  static Command authorized(String name, int code, List<Integer> sessions, int... handles) {
    return new Command(name, code, true).handles(handles).sessions(sessions);
  }

  private Command handles(int... handles) {
    for (int handle : handles) {
      out.putInt(handle);
    }
    return this;
  }

  private Command sessions(List<Integer> sessions) {
    int emptyBytes = Integer.BYTES + Short.BYTES + Byte.BYTES + Short.BYTES;
    out.putInt(sessions.size() * emptyBytes);
    for (int session : sessions) {
      out.putInt(session).putShort((short) 0).put((byte) Tpm2.CONTINUE_SESSION).putShort((short) 0);
    }
    return this;
  }

  Command u8(int value) {
    out.put((byte) value);
    return this;
  }

  Command u16(int value) {
    out.putShort((short) value);
    return this;
  }

  Command u32(int value) {
    out.putInt(value);
    return this;
  }

  Command bytes(ByteString bytes) {
    out.put(bytes.asReadOnlyByteBuffer());
    return this;
  }

  /** Bytes with their size before them (TPM2B). */
  Command sized(ByteString bytes) {
    return u16(bytes.size()).bytes(bytes);
  }

  String name() {
    return name;
  }

  boolean hasSessions() {
    return sessions;
  }

  byte[] finish() {
    byte[] command = new byte[out.position()];
    out.putInt(SIZE_AT, command.length);
    out.get(0, command);
    return command;
  }
}
