package io.parley.peer.testing;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;

/** Reads key exchange groups out of the open part of a TLS 1.3 handshake (RFC 8446, section 4). */
public final class TlsHello {
  /** In the IANA registry of TLS supported groups. */
  public static final int X25519 = 0x001d;

  /** X25519 with ML-KEM-768, in the same registry. */
  public static final int X25519_MLKEM768 = 0x11ec;

  private static final int RECORD_HANDSHAKE = 22;
  private static final int CLIENT_HELLO = 1;
  private static final int SERVER_HELLO = 2;
  private static final int KEY_SHARE = 51;
  private static final int RANDOM_BYTES = 32;

  /** Section 4.1.3: the random bytes of a ServerHello that asks for another ClientHello. */
  private static final byte[] HELLO_RETRY =
      HexFormat.of().parseHex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c");

  private TlsHello() {}

  /** The group that the server chose, from the first bytes that it sent. */
  public static int chosenGroup(byte[] server) {
    ByteBuffer hello = handshake(server, SERVER_HELLO);
    byte[] random = new byte[RANDOM_BYTES];
    hello.getShort();
    hello.get(random);
    if (Arrays.equals(random, HELLO_RETRY)) {
      throw new AssertionError("the server asked for another ClientHello");
    }
    take(hello, hello.get() & 0xff);
    hello.getShort();
    hello.get();
    return keyShare(hello).getShort() & 0xffff;
  }

  /** The groups that the client sent a share for, in its order. */
  public static List<Integer> offeredShares(byte[] client) {
    ByteBuffer hello = handshake(client, CLIENT_HELLO);
    hello.position(hello.position() + 2 + RANDOM_BYTES);
    take(hello, hello.get() & 0xff);
    take(hello, hello.getShort() & 0xffff);
    take(hello, hello.get() & 0xff);
    ByteBuffer shares = keyShare(hello);
    ByteBuffer list = take(shares, shares.getShort() & 0xffff);
    List<Integer> groups = new ArrayList<>();
    while (list.hasRemaining()) {
      groups.add(list.getShort() & 0xffff);
      take(list, list.getShort() & 0xffff);
    }
    return groups;
  }

  private static ByteBuffer handshake(byte[] sent, int type) {
    try {
      ByteBuffer records = ByteBuffer.wrap(sent);
      if (records.get() != RECORD_HANDSHAKE) {
        throw new AssertionError("no handshake record");
      }
      records.getShort();
      ByteBuffer record = take(records, records.getShort() & 0xffff);
      int header = record.getInt();
      if (header >>> 24 != type) {
        throw new AssertionError("handshake message %d, not %d".formatted(header >>> 24, type));
      }
      return take(record, header & 0xffffff);
    } catch (BufferUnderflowException | IndexOutOfBoundsException e) {
      throw new AssertionError("not enough bytes: " + sent.length, e);
    }
  }

  private static ByteBuffer keyShare(ByteBuffer hello) {
    ByteBuffer extensions = take(hello, hello.getShort() & 0xffff);
    while (extensions.hasRemaining()) {
      int type = extensions.getShort() & 0xffff;
      ByteBuffer value = take(extensions, extensions.getShort() & 0xffff);
      if (type == KEY_SHARE) {
        return value;
      }
    }
    throw new AssertionError("no key_share: not TLS 1.3");
  }

  private static ByteBuffer take(ByteBuffer from, int count) {
    ByteBuffer slice = from.slice(from.position(), count);
    from.position(from.position() + count);
    return slice;
  }
}
