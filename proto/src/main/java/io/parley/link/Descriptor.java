package io.parley.link;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.parley.wire.BugException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.nio.channels.ClosedChannelException;
import java.nio.file.Path;
import java.time.Duration;

/**
 * An open file descriptor that this object owns: close-on-exec, blocking, closed exactly once.
 *
 * <p>Thread-safe. {@link #close} while another thread is inside a call shuts a socket down, so that
 * the call comes back, and lets the descriptor's number go only when the last call is out: a number
 * never means another file half-way through. A blocked read of a pipe is not woken.
 */
public final class Descriptor implements AutoCloseable {
  private static final Libc READ = Libc.function("read");
  private static final Libc WRITE = Libc.function("write");
  private static final Libc PREAD = Libc.function("pread");
  private static final Libc CLOSE = Libc.function("close");
  private static final Libc FCNTL = Libc.function("fcntl");
  private static final Libc LSEEK = Libc.function("lseek");
  private static final Libc OPEN = Libc.function("open");

  private static final int O_RDONLY = 0;
  private static final int O_WRONLY = 1;
  private static final int O_CREAT = 0x40;
  private static final int O_EXCL = 0x80;
  private static final int O_CLOEXEC = 0x80000;
  private static final int F_DUPFD_CLOEXEC = 1030;
  private static final int SEEK_SET = 0;
  private static final int SEEK_CUR = 1;
  private static final int SEEK_END = 2;
  private static final int OWNER_ONLY = 0600;

  /** Largest piece of a heap buffer that is copied in one call. */
  private static final int COPY_BYTES = 64 * 1024;

  private final int fd;
  private int users;
  private boolean closing;

  private Descriptor(int fd) {
    this.fd = fd;
  }

  /** Takes ownership of a number that is open and nobody else's. */
  public static Descriptor adopt(int fd) {
    if (fd < 0) {
      throw new BugException("a descriptor is never negative, and this is " + fd);
    }
    return new Descriptor(fd);
  }

  /** Opens an existing file for reading. */
  public static Descriptor openForReading(Path file) throws IOException {
    return open(file, O_RDONLY);
  }

  /** Makes a new file that only its owner may read, open for writing; one that exists fails. */
  public static Descriptor createForWriting(Path file) throws IOException {
    return open(file, O_WRONLY | O_CREAT | O_EXCL);
  }

  private static Descriptor open(Path file, int flags) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment path = arena.allocateFrom(file.toString(), UTF_8);
      return new Descriptor(
          checked("opening " + file, OPEN.callInt(path.address(), flags | O_CLOEXEC, OWNER_ONLY)));
    }
  }

  /**
   * Reads what is there, at most the buffer's space.
   *
   * @return bytes read, -1 at the end
   * @throws java.net.SocketTimeoutException when a timeout is set and passed
   * @throws ClosedChannelException when this or the other end is closed hard
   */
  public int read(ByteBuffer into) throws IOException {
    return transfer(into, "reading", READ, -1);
  }

  /** Reads from a place in a regular file; the file's own position stays. */
  public int readAt(ByteBuffer into, long position) throws IOException {
    return transfer(into, "reading", PREAD, position);
  }

  /** Writes some of the buffer, at least one byte. */
  public int write(ByteBuffer from) throws IOException {
    return transfer(from, "writing", WRITE, -1);
  }

  /** Writes all of the buffer. */
  public void writeFully(ByteBuffer from) throws IOException {
    while (from.hasRemaining()) {
      write(from);
    }
  }

  /** Reads until the buffer is full; false when the end came before the first byte. */
  public boolean readFully(ByteBuffer into) throws IOException {
    int start = into.position();
    while (into.hasRemaining()) {
      if (read(into) < 0) {
        if (into.position() == start) {
          return false;
        }
        throw new java.io.EOFException(
            "the stream ended %d bytes early".formatted(into.remaining()));
      }
    }
    return true;
  }

  /** Size of a regular file. */
  public long size() throws IOException {
    int number = acquire();
    try {
      long here = seek(number, 0, SEEK_CUR);
      long size = seek(number, 0, SEEK_END);
      seek(number, here, SEEK_SET);
      return size;
    } finally {
      release();
    }
  }

  private static long seek(int number, long offset, int whence) throws IOException {
    long answer = LSEEK.callLong(number, offset, whence);
    if (answer < 0) {
      throw Errno.failure("seeking", answer);
    }
    return answer;
  }

  /** Another descriptor of the same open file. */
  public Descriptor duplicate() throws IOException {
    int number = acquire();
    try {
      return new Descriptor(checked("duplicating", FCNTL.callInt(number, F_DUPFD_CLOEXEC, 3)));
    } finally {
      release();
    }
  }

  /** For a socket: how long one read or write may block; zero means for ever. */
  public void setTimeouts(Duration read, Duration write) throws IOException {
    int number = acquire();
    try {
      Sockets.setTimeouts(number, read, write);
    } finally {
      release();
    }
  }

  /** For a socket: ends both directions and wakes whoever is blocked on it. */
  public void shutdown() {
    synchronized (this) {
      if (closing) {
        return;
      }
      users++;
    }
    Sockets.shutdown(fd);
    release();
  }

  /** For a socket: tells the other end that no more comes, and can still read. */
  public void shutdownOutput() throws IOException {
    int number = acquire();
    try {
      Sockets.shutdownOutput(number);
    } finally {
      release();
    }
  }

  /** A channel over this descriptor, which owns it: closing one closes the other. */
  public ByteChannel asChannel() {
    return new DescriptorChannel(this);
  }

  public synchronized boolean isOpen() {
    return !closing;
  }

  /**
   * The number, for a call that takes one. It stays valid until {@link #release}.
   *
   * @throws ClosedChannelException when closed
   */
  public synchronized int acquire() throws ClosedChannelException {
    if (closing) {
      throw new ClosedChannelException();
    }
    users++;
    return fd;
  }

  /** Ends what {@link #acquire} began. */
  public void release() {
    synchronized (this) {
      users--;
      if (users > 0 || !closing) {
        return;
      }
    }
    CLOSE.callInt(fd);
  }

  /** Closes; a second time does nothing. */
  @Override
  public void close() {
    synchronized (this) {
      if (closing) {
        return;
      }
      closing = true;
      if (users > 0) {
        Sockets.shutdown(fd);
        return;
      }
    }
    CLOSE.callInt(fd);
  }

  @Override
  public String toString() {
    return "descriptor " + fd;
  }

  private int transfer(ByteBuffer buffer, String what, Libc call, long position)
      throws IOException {
    if (!buffer.hasRemaining()) {
      return 0;
    }
    int number = acquire();
    try {
      return buffer.isDirect()
          ? direct(buffer, number, what, call, position)
          : copied(buffer, number, what, call, position);
    } finally {
      release();
    }
  }

  private static int direct(ByteBuffer buffer, int number, String what, Libc call, long position)
      throws IOException {
    try {
      int count =
          once(
              number,
              MemorySegment.ofBuffer(buffer).address(),
              buffer.remaining(),
              what,
              call,
              position);
      buffer.position(buffer.position() + Math.max(count, 0));
      return count;
    } finally {
      Reference.reachabilityFence(buffer);
    }
  }

  private static int copied(ByteBuffer buffer, int number, String what, Libc call, long position)
      throws IOException {
    int length = Math.min(buffer.remaining(), COPY_BYTES);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment piece = arena.allocate(length);
      ByteBuffer view = piece.asByteBuffer();
      if (call == WRITE) {
        view.put(buffer.slice(buffer.position(), length));
      }
      int count = once(number, piece.address(), length, what, call, position);
      if (call == WRITE) {
        buffer.position(buffer.position() + count);
      } else if (count > 0) {
        buffer.put(view.limit(count));
      }
      return count;
    }
  }

  private static int once(
      int number, long address, int length, String what, Libc call, long position)
      throws IOException {
    while (true) {
      long answer = call.callLong(number, address, length, position);
      if (answer == -Errno.EINTR) {
        continue;
      }
      if (answer < 0) {
        throw Errno.failure(what, answer);
      }
      return answer == 0 && call != WRITE ? -1 : (int) answer;
    }
  }

  static int checked(String what, int answer) throws IOException {
    if (answer < 0) {
      throw Errno.failure(what, answer);
    }
    return answer;
  }
}
