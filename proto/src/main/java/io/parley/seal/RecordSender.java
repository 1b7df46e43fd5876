package io.parley.seal;

import io.parley.wire.BugException;
import io.parley.wire.EnvironmentException;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The sending half of a {@link RecordChannel}. Write into {@link #buffer()}, {@link #flush()} when
 * it is full or when the other side waits for it, {@link #finish()} when all is said. Buffers are
 * allocated once; {@link #write} seals what is long and direct where it lies.
 *
 * <p>One thread at a time. The receiving half may work in another thread meanwhile. After a failure
 * every call fails.
 */
public final class RecordSender {
  /** From this part of a record on, a record of its own costs less than a copy. */
  private static final int IN_PLACE_SHARE = 4;

  private final ByteChannel socket;
  private final String name;
  private final RecordCipher cipher;
  private final int recordBytes;
  // Full size from the first call of buffer(): many channels only receive.
  private ByteBuffer plain = ByteBuffer.allocateDirect(0);
  private ByteBuffer wire = ByteBuffer.allocateDirect(wireBytes(Records.MAX_ABORT_BYTES));
  private final ByteBuffer control = ByteBuffer.allocateDirect(Records.MAX_ABORT_BYTES);
  private final byte[] header = new byte[Records.HEADER_SIZE_BYTES];
  private final WritableByteChannel output = new Output();
  // The receiving thread sends acknowledgements and aborts; another thread may close.
  private final ReentrantLock lock = new ReentrantLock();
  private long sentBytes;
  private long sentRecords;
  private boolean finished;
  private boolean acknowledged;
  private volatile boolean closed;

  RecordSender(ByteChannel socket, String name, RecordCipher cipher, int recordBytes) {
    this.socket = socket;
    this.name = name;
    this.cipher = cipher;
    this.recordBytes = recordBytes;
  }

  /** Where the next bytes go. Always has room; put bytes, then flush or ask again. */
  public ByteBuffer buffer() {
    allocate();
    if (!plain.hasRemaining()) {
      flush();
    }
    return plain;
  }

  /**
   * Seals what is in the buffer as one record and writes it. Nothing happens when it is empty.
   *
   * @throws EnvironmentException PEER_UNAVAILABLE when the socket broke
   * @throws RefusedException SIZE_LIMIT when the channel has carried all the records it may
   */
  public void flush() {
    if (plain.position() > 0) {
      sendBuffer(Records.DATA);
    }
  }

  /**
   * Takes all of {@code source}, which must not change meanwhile. A direct one that is long goes
   * out at once, behind what the buffer had; any other is copied into the buffer, which is flushed
   * whenever it is full.
   */
  public void write(ByteBuffer source) {
    if (source.isDirect() && source.remaining() >= recordBytes / IN_PLACE_SHARE) {
      sealInPlace(source);
    } else {
      copy(source);
    }
  }

  private void sealInPlace(ByteBuffer source) {
    allocate();
    flush();
    int end = source.limit();
    try {
      while (source.position() < end) {
        send(
            Records.DATA,
            source.limit(source.position() + Math.min(recordBytes, end - source.position())));
      }
    } finally {
      source.limit(end);
    }
  }

  private void copy(ByteBuffer source) {
    while (source.hasRemaining()) {
      ByteBuffer to = buffer();
      int count = Math.min(to.remaining(), source.remaining());
      to.put(to.position(), source, source.position(), count);
      to.position(to.position() + count);
      source.position(source.position() + count);
    }
  }

  /** Sends the rest and says that it was the last. Nothing can be sent after it. */
  public void finish() {
    sendBuffer(Records.LAST);
  }

  /**
   * The same as a channel, for writers that want one. Its {@code close} flushes, and does not
   * finish: a writer that is closed because something failed must not look like one that was done.
   */
  public WritableByteChannel asOutputChannel() {
    return output;
  }

  /** Of the stream so far, records that were sent. */
  public long sentBytes() {
    lock.lock();
    try {
      return sentBytes;
    } finally {
      lock.unlock();
    }
  }

  private void allocate() {
    if (plain.capacity() > 0) {
      return;
    }
    lock.lock();
    try {
      plain = ByteBuffer.allocateDirect(recordBytes);
      wire = ByteBuffer.allocateDirect(wireBytes(Math.max(recordBytes, Records.MAX_ABORT_BYTES)));
    } finally {
      lock.unlock();
    }
  }

  private static int wireBytes(int plaintextBytes) {
    return Records.HEADER_SIZE_BYTES + plaintextBytes + Records.TAG_SIZE_BYTES;
  }

  private void sendBuffer(byte type) {
    plain.flip();
    try {
      send(type, plain);
    } finally {
      plain.clear();
    }
  }

  private void send(byte type, ByteBuffer plaintext) {
    lock.lock();
    try {
      if (finished) {
        throw new BugException("stream %s has been finished".formatted(name));
      }
      int size = plaintext.remaining();
      write(type, plaintext);
      sentBytes += size;
      sentRecords++;
      finished = type == Records.LAST;
    } finally {
      lock.unlock();
    }
  }

  /** By the receiving thread: everything up to the other side's last record has arrived. */
  void acknowledge(long bytes, long records) {
    lock.lock();
    try {
      control.clear().putLong(bytes).putLong(records).flip();
      write(Records.ACKNOWLEDGE, control);
    } finally {
      lock.unlock();
    }
  }

  /** By the receiving thread: the other side says what it has received. */
  void acknowledged(long bytes, long records) {
    lock.lock();
    try {
      if (!finished || acknowledged || bytes != sentBytes || records != sentRecords) {
        throw new RefusedException(
            Reason.PEER_PROTOCOL_BROKEN,
            "stream %s: %d bytes in %d records were acknowledged; %d in %d were sent"
                .formatted(name, bytes, records, sentBytes, sentRecords),
            Map.of("stream", name));
      }
      acknowledged = true;
    } finally {
      lock.unlock();
    }
  }

  boolean isAcknowledged() {
    lock.lock();
    try {
      return acknowledged;
    } finally {
      lock.unlock();
    }
  }

  /** Does nothing when another thread is sending: it may be stuck, and nobody waits for it. */
  void abort(Reason reason) {
    if (!lock.tryLock()) {
      return;
    }
    try {
      if (!closed) {
        control.clear().put(reason.name().getBytes(StandardCharsets.US_ASCII)).flip();
        write(Records.ABORT, control);
        finished = true;
      }
    } finally {
      lock.unlock();
    }
  }

  /** Takes no lock: it must end a write that is stuck. */
  void close() {
    closed = true;
    wipe(plain);
  }

  private void write(byte type, ByteBuffer plaintext) {
    if (closed) {
      throw new EnvironmentException(
          Reason.PEER_UNAVAILABLE, "stream %s is closed".formatted(name), Map.of("stream", name));
    }
    Records.putHeader(header, type, plaintext.remaining());
    wire.clear().put(header);
    cipher.seal(header, plaintext, wire);
    wire.flip();
    try {
      while (wire.hasRemaining()) {
        socket.write(wire);
      }
    } catch (IOException e) {
      // Part of a record may be out: nothing can follow it.
      closed = true;
      throw new EnvironmentException(
          Reason.PEER_UNAVAILABLE,
          "stream %s broke while sending: %s".formatted(name, e.getMessage()),
          Map.of("stream", name),
          e);
    }
  }

  /** In one call: an enclave is a young process, which would interpret a loop. */
  static void wipe(ByteBuffer buffer) {
    MemorySegment unused = MemorySegment.ofBuffer(buffer.clear()).fill((byte) 0);
  }

  private final class Output implements WritableByteChannel {
    private boolean open = true;

    @Override
    public int write(ByteBuffer source) throws ClosedChannelException {
      if (!open) {
        throw new ClosedChannelException();
      }
      int count = source.remaining();
      RecordSender.this.write(source);
      return count;
    }

    @Override
    public boolean isOpen() {
      return open;
    }

    @Override
    public void close() {
      if (open) {
        open = false;
        flush();
      }
    }
  }
}
