package io.parley.seal;

import io.parley.wire.BugException;
import io.parley.wire.EnvironmentException;
import io.parley.wire.ParleyException;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ReadableByteChannel;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The receiving half of a {@link RecordChannel}. {@link #receive()} until it says false; the bytes
 * of each record are in {@link #buffer()} until the next call. Or {@link #read} until it says -1.
 *
 * <p>Guarantees that every record is the one that the other enclave sealed at this place of this
 * stream. That the stream is whole is known when {@code receive} has said false, and not before:
 * let nobody act on what came until then.
 *
 * <p>One thread at a time. After a failure every call fails in the same way.
 */
public final class RecordReceiver {
  /** One read takes at least this much, so that a small message costs one system call. */
  private static final int READ_AHEAD_BYTES = 16 << 10;

  /** Has room for nothing. */
  private static final ByteBuffer NOWHERE = ByteBuffer.allocate(0);

  private final ByteChannel socket;
  private final String name;
  private final RecordCipher cipher;
  private final RecordSender sender;
  private final byte[] header = new byte[Records.HEADER_SIZE_BYTES];
  private final ReadableByteChannel input = new Input();
  // Bytes from the socket that are not used yet lie between position and limit.
  private ByteBuffer wire = ByteBuffer.allocateDirect(READ_AHEAD_BYTES).limit(0);
  private ByteBuffer plain = ByteBuffer.allocateDirect(READ_AHEAD_BYTES).limit(0);
  private int openedBytes;
  private long receivedBytes;
  private long receivedRecords;
  private boolean ended;
  private @Nullable ParleyException failure;

  RecordReceiver(ByteChannel socket, String name, RecordCipher cipher, RecordSender sender) {
    this.socket = socket;
    this.name = name;
    this.cipher = cipher;
    this.sender = sender;
  }

  /**
   * Waits for the next record.
   *
   * @return false when the last record has been received and used up
   * @throws RefusedException INVALID_RECORD when a record was changed, moved, repeated, cut, or is
   *     too long; PEER_PROTOCOL_BROKEN when it may not come now; the other side's reason when that
   *     gave up
   * @throws EnvironmentException PEER_UNAVAILABLE when the socket broke
   */
  public boolean receive() {
    return receive(NOWHERE);
  }

  /**
   * Takes bytes of the record that was received last, or else of the next. A record for which
   * {@code to} is direct and has room is opened right there; when it does not open, that room is
   * wiped and {@code to} stays where it was.
   *
   * @return how many bytes; -1 when the last record has been received and used up
   * @throws RefusedException as {@link #receive()}
   * @throws EnvironmentException as {@link #receive()}
   */
  public int read(ByteBuffer to) {
    int start = to.position();
    if (to.hasRemaining() && !plain.hasRemaining() && !receive(to)) {
      return -1;
    }
    if (to.position() == start) {
      int count = Math.min(to.remaining(), plain.remaining());
      to.put(start, plain, plain.position(), count);
      to.position(start + count);
      plain.position(plain.position() + count);
    }
    return to.position() - start;
  }

  /**
   * The next record that has bytes; they are in {@code to} when it has room, else in the buffer.
   */
  private boolean receive(ByteBuffer to) {
    while (!ended) {
      byte type = next(to);
      if (type == Records.ACKNOWLEDGE) {
        continue;
      }
      receivedBytes += openedBytes;
      receivedRecords++;
      ended = type == Records.LAST;
      if (openedBytes > 0) {
        return true;
      }
    }
    plain.limit(0);
    return false;
  }

  /** The bytes of the record that was received last, direct; the next call overwrites them. */
  public ByteBuffer buffer() {
    return plain;
  }

  /** The same as a channel; its end is the checked end of the stream. Closing it does nothing. */
  public ReadableByteChannel asInputChannel() {
    return input;
  }

  /** Of the stream so far. */
  public long receivedBytes() {
    return receivedBytes;
  }

  /** Whether the last record has been received. */
  boolean isEnded() {
    return ended;
  }

  /** Tells the other side that everything has arrived. */
  void acknowledge() {
    if (!ended) {
      throw new BugException("stream %s is acknowledged before its end".formatted(name));
    }
    sender.acknowledge(receivedBytes, receivedRecords);
  }

  /** Waits for the other side's acknowledgement, before which no more data may come. */
  void awaitAcknowledgement() {
    while (!sender.isAcknowledged()) {
      byte type = next(NOWHERE);
      if (type == Records.LAST && !ended && openedBytes == 0) {
        receivedRecords++;
        ended = true;
      } else if (type != Records.ACKNOWLEDGE) {
        throw fail(broken("data came where an acknowledgement was expected"));
      }
    }
  }

  void close() {
    if (failure == null) {
      failure =
          new EnvironmentException(
              Reason.PEER_UNAVAILABLE,
              "stream %s is closed".formatted(name),
              Map.of("stream", name));
    }
    RecordSender.wipe(plain);
    plain.limit(0);
  }

  /** Reads and opens one record, data into {@code to} when it has room, else into the buffer. */
  private byte next(ByteBuffer to) {
    if (failure != null) {
      throw failure;
    }
    try {
      fill(Records.HEADER_SIZE_BYTES, READ_AHEAD_BYTES - Records.HEADER_SIZE_BYTES);
      wire.get(header);
      int bodyBytes = Records.bodyBytes(header);
      byte type = header[Integer.BYTES];
      boolean data = type == Records.DATA || type == Records.LAST;
      if (ended && data) {
        throw broken("data came after the last record");
      }
      fill(bodyBytes, Records.HEADER_SIZE_BYTES);
      openedBytes = bodyBytes - Records.TAG_SIZE_BYTES;
      if (data && to.isDirect() && to.remaining() >= openedBytes) {
        plain.limit(0);
        openInto(to, bodyBytes);
      } else {
        open(bodyBytes);
      }
      control(type);
      return type;
    } catch (ParleyException e) {
      throw fail(e);
    } catch (IOException e) {
      throw fail(
          new EnvironmentException(
              Reason.PEER_UNAVAILABLE,
              "stream %s broke while receiving: %s".formatted(name, e.getMessage()),
              Map.of("stream", name),
              e));
    }
  }

  private void open(int bodyBytes) {
    if (plain.capacity() < bodyBytes) {
      plain = grow(bodyBytes);
    }
    plain.clear();
    open(bodyBytes, plain);
    plain.flip();
  }

  private void openInto(ByteBuffer to, int bodyBytes) {
    int start = to.position();
    int end = to.limit();
    to.limit(start + bodyBytes - Records.TAG_SIZE_BYTES);
    try {
      open(bodyBytes, to);
    } catch (RuntimeException e) {
      RecordSender.wipe(to.position(start).slice());
      throw e;
    } finally {
      to.limit(end);
    }
  }

  private void open(int bodyBytes, ByteBuffer to) {
    int end = wire.limit();
    wire.limit(wire.position() + bodyBytes);
    cipher.open(header, wire, to);
    wire.limit(end);
  }

  private void control(byte type) {
    if (type == Records.ACKNOWLEDGE) {
      sender.acknowledged(plain.getLong(), plain.getLong());
    } else if (type == Records.ABORT) {
      throw gaveUp(StandardCharsets.US_ASCII.decode(plain).toString());
    }
  }

  /** At least {@code needed} bytes at hand, and up to {@code ahead} more when they are there. */
  private void fill(int needed, int ahead) throws IOException {
    if (wire.remaining() >= needed) {
      return;
    }
    if (wire.capacity() - wire.position() < needed + ahead) {
      // What is left over is a header at most, or one small read.
      ByteBuffer left = wire;
      int leftBytes = left.remaining();
      wire = left.capacity() < needed + ahead ? grow(needed + ahead) : left;
      wire.put(0, left, left.position(), leftBytes).position(0).limit(leftBytes);
    }
    int start = wire.position();
    while (wire.limit() - start < needed) {
      int end = wire.limit();
      wire.limit(start + needed + ahead).position(end);
      int count = socket.read(wire);
      wire.limit(end + Math.max(count, 0)).position(start);
      if (count < 0) {
        throw cut(wire.remaining());
      }
      if (count == 0) {
        throw new BugException("stream %s: the socket does not block".formatted(name));
      }
    }
  }

  /** Records tend to be of one size: a power of two, or the most there can be. */
  private static ByteBuffer grow(int needed) {
    return ByteBuffer.allocateDirect(
        Math.max(needed, Math.min(Integer.highestOneBit(needed) << 1, needed + (64 << 10))));
  }

  private RefusedException cut(int bytesOfRecord) {
    return new RefusedException(
        Reason.INVALID_RECORD,
        "stream %s was cut: it ended %s, before its last record"
            .formatted(name, bytesOfRecord > 0 ? "within a record" : "between two records"),
        Map.of("stream", name));
  }

  private RefusedException broken(String what) {
    return new RefusedException(
        Reason.PEER_PROTOCOL_BROKEN, "stream %s: %s".formatted(name, what), Map.of("stream", name));
  }

  private ParleyException gaveUp(String text) {
    for (Reason reason : Reason.values()) {
      if (reason.name().equals(text)) {
        return new RefusedException(
            reason,
            "stream %s: the other enclave gave up: %s".formatted(name, text),
            Map.of("stream", name));
      }
    }
    return broken("the other enclave gave up, with a reason that this version does not know");
  }

  private ParleyException fail(ParleyException e) {
    if (failure == null) {
      failure = e;
    }
    return e;
  }

  private final class Input implements ReadableByteChannel {
    private boolean open = true;

    @Override
    public int read(ByteBuffer to) throws ClosedChannelException {
      if (!open) {
        throw new ClosedChannelException();
      }
      return RecordReceiver.this.read(to);
    }

    @Override
    public boolean isOpen() {
      return open;
    }

    @Override
    public void close() {
      open = false;
    }
  }
}
