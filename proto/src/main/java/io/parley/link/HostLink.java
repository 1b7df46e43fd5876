package io.parley.link;

import io.parley.wire.EnvironmentException;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ClosedChannelException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The link between a host and its enclave: frames over a Unix socket, each a 4-byte big-endian
 * length and that many bytes, with up to {@value #MAX_DESCRIPTORS} descriptors beside the length.
 *
 * <p>Guarantees whole frames in order, and a bound on what the other end makes us allocate. It is
 * neither secret nor authentic: the two ends don't trust each other.
 *
 * <p>Thread-safe: one frame is sent, and one received, at a time. {@link #close} wakes whoever is
 * blocked. Failures: EnvironmentException LINK_CLOSED when the other end is gone or this one is
 * closed, TIMEOUT, IO_FAILED; RefusedException SIZE_LIMIT or TOO_MANY when the other end breaks a
 * limit. After a failure to send, nothing more can be sent, and what the other end had said before
 * can still be received. After a failure to receive, but for a TIMEOUT before the frame began, the
 * link is closed.
 */
public final class HostLink implements AutoCloseable {
  /** Longest frame, without its length. */
  public static final int MAX_FRAME_BYTES = 4 * 1024 * 1024;

  /** Most descriptors with one frame. */
  public static final int MAX_DESCRIPTORS = 4;

  private static final int PREFIX_BYTES = 4;
  private static final ValueLayout.OfInt PREFIX =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

  private final Descriptor socket;
  private final ReentrantLock sending = new ReentrantLock();
  private final ReentrantLock receiving = new ReentrantLock();

  /** Takes a connected Unix stream socket over. */
  public HostLink(Descriptor socket) {
    this.socket = socket;
  }

  /** Connects to where a {@link HostLinkListener} listens. */
  public static HostLink connect(Path path, Duration timeout) throws IOException {
    Descriptor socket = Sockets.open(Sockets.AF_UNIX);
    try (Arena arena = Arena.ofConfined()) {
      int fd = socket.acquire();
      try {
        Sockets.connect(fd, Addresses.unix(path, arena), timeout, path.toString());
      } finally {
        socket.release();
      }
      return new HostLink(socket);
    } catch (IOException | RuntimeException e) {
      socket.close();
      throw e;
    }
  }

  /** Sends a frame. The descriptors stay the caller's: the other end gets duplicates. */
  public void send(byte[] frame, Descriptor... descriptors) {
    refuseTooLarge(frame.length, descriptors.length);
    sending.lock();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocate(PREFIX_BYTES + (long) frame.length);
      bytes.set(PREFIX, 0, frame.length);
      MemorySegment.copy(frame, 0, bytes, ValueLayout.JAVA_BYTE, PREFIX_BYTES, frame.length);
      int sent = sendFirst(bytes, List.of(descriptors));
      socket.writeFully(bytes.asSlice(sent).asByteBuffer());
    } catch (IOException e) {
      endOutput();
      throw failure(e);
    } finally {
      sending.unlock();
    }
  }

  /** A frame that broke off must be the last; its other direction may still hold the reason why. */
  private void endOutput() {
    try {
      socket.shutdownOutput();
    } catch (IOException e) {
      close();
    }
  }

  /** Waits for the next frame, for ever. */
  public Received receive() {
    return receive(null);
  }

  /** Waits for the next frame to begin, no longer than the timeout. */
  public Received receive(@Nullable Duration timeout) {
    receiving.lock();
    List<Descriptor> descriptors = new ArrayList<>();
    try {
      awaitFirst(timeout);
      int length = prefix(descriptors);
      ByteBuffer frame = ByteBuffer.allocate(length);
      if (length > 0 && !socket.readFully(frame)) {
        throw new EOFException("the link ended inside a frame");
      }
      return new Received(frame.array(), descriptors);
    } catch (IOException e) {
      descriptors.forEach(Descriptor::close);
      close();
      throw failure(e);
    } catch (RuntimeException e) {
      descriptors.forEach(Descriptor::close);
      if (!(e instanceof EnvironmentException known && known.reason() == Reason.TIMEOUT)) {
        close();
      }
      throw e;
    } finally {
      receiving.unlock();
    }
  }

  /** Who is at the other end. */
  public PeerCredentials peer() throws IOException {
    int fd = socket.acquire();
    try {
      return PeerCredentials.of(fd);
    } finally {
      socket.release();
    }
  }

  public boolean isOpen() {
    return socket.isOpen();
  }

  @Override
  public void close() {
    socket.close();
  }

  private int sendFirst(MemorySegment bytes, List<Descriptor> descriptors) throws IOException {
    List<Descriptor> acquired = new ArrayList<>();
    int fd = socket.acquire();
    try {
      List<Integer> numbers = new ArrayList<>();
      for (Descriptor descriptor : descriptors) {
        numbers.add(descriptor.acquire());
        acquired.add(descriptor);
      }
      return Messages.send(fd, bytes, numbers);
    } finally {
      acquired.forEach(Descriptor::release);
      socket.release();
    }
  }

  private void awaitFirst(@Nullable Duration timeout) throws IOException {
    if (timeout == null) {
      return;
    }
    int fd = socket.acquire();
    try {
      Sockets.await(fd, Sockets.POLLIN, System.nanoTime() + timeout.toNanos(), "waiting");
    } catch (SocketTimeoutException e) {
      throw new EnvironmentException(
          Reason.TIMEOUT,
          "no frame came within %d ms".formatted(timeout.toMillis()),
          Map.of("timeout_ms", Long.toString(timeout.toMillis())),
          e);
    } finally {
      socket.release();
    }
  }

  /** Descriptors travel beside the prefix only; the kernel drops those beside the body. */
  private int prefix(List<Descriptor> descriptors) throws IOException {
    int fd = socket.acquire();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment prefix = arena.allocate(PREFIX_BYTES, 4);
      for (int at = 0; at < PREFIX_BYTES; ) {
        int count = Messages.receive(fd, prefix.asSlice(at), descriptors, MAX_DESCRIPTORS);
        if (count == 0) {
          throw new EOFException(at == 0 ? "the other end closed" : "the link ended in a prefix");
        }
        at += count;
      }
      int length = prefix.get(PREFIX, 0);
      refuseTooLarge(Integer.toUnsignedLong(length), descriptors.size());
      return length;
    } finally {
      socket.release();
    }
  }

  private static void refuseTooLarge(long length, int descriptors) {
    if (length > MAX_FRAME_BYTES) {
      throw new RefusedException(
          Reason.SIZE_LIMIT,
          "a frame of %d bytes; at most %d".formatted(length, MAX_FRAME_BYTES),
          Map.of("size", Long.toString(length), "limit", Integer.toString(MAX_FRAME_BYTES)));
    }
    if (descriptors > MAX_DESCRIPTORS) {
      throw new RefusedException(
          Reason.TOO_MANY,
          "%d descriptors with one frame; at most %d".formatted(descriptors, MAX_DESCRIPTORS),
          Map.of("count", Integer.toString(descriptors)));
    }
  }

  private static EnvironmentException failure(IOException e) {
    boolean closed = e instanceof ClosedChannelException || e instanceof EOFException;
    return new EnvironmentException(
        closed ? Reason.LINK_CLOSED : Reason.IO_FAILED,
        closed
            ? "the link between host and enclave is closed"
            : "the link between host and enclave failed: " + e.getMessage(),
        Map.of(),
        e);
  }
}
