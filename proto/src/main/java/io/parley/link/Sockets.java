package io.parley.link;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.util.List;

/** Calls on sockets, and a pair of connected ones. */
public final class Sockets {
  static final int AF_UNIX = 1;
  static final int SOCK_STREAM = 1;
  static final int SOCK_NONBLOCK = 0x800;
  static final int SOCK_CLOEXEC = 0x80000;
  static final int SOL_SOCKET = 1;
  static final int SO_REUSEADDR = 2;
  static final int SO_ERROR = 4;
  static final int SO_PEERCRED = 17;
  private static final int SO_RCVTIMEO = 20;
  private static final int SO_SNDTIMEO = 21;
  private static final int SHUT_WR = 1;
  private static final int SHUT_RDWR = 2;
  static final int POLLIN = 1;
  static final int POLLOUT = 4;
  private static final int F_GETFL = 3;
  private static final int F_SETFL = 4;

  private static final Libc SOCKET = Libc.function("socket");
  private static final Libc SOCKETPAIR = Libc.function("socketpair");
  private static final Libc ACCEPT4 = Libc.function("accept4");
  private static final Libc BIND = Libc.function("bind");
  private static final Libc LISTEN = Libc.function("listen");
  private static final Libc CONNECT = Libc.function("connect");
  private static final Libc SHUTDOWN = Libc.function("shutdown");
  private static final Libc SETSOCKOPT = Libc.function("setsockopt");
  private static final Libc GETSOCKOPT = Libc.function("getsockopt");
  private static final Libc FCNTL = Libc.function("fcntl");
  private static final Libc POLL = Libc.function("poll");

  private Sockets() {}

  /** Two connected Unix stream sockets. */
  public static List<Descriptor> pair() throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment fds = arena.allocate(8, 4);
      Descriptor.checked(
          "socketpair", SOCKETPAIR.callInt(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds.address()));
      return List.of(
          Descriptor.adopt(fds.get(ValueLayout.JAVA_INT, 0)),
          Descriptor.adopt(fds.get(ValueLayout.JAVA_INT, 4)));
    }
  }

  /** A new stream socket that does not block yet: see {@link #block}. */
  static Descriptor open(int family) throws IOException {
    return Descriptor.adopt(
        Descriptor.checked(
            "socket", SOCKET.callInt(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)));
  }

  static void listen(int fd, MemorySegment address, int backlog, String where) throws IOException {
    Descriptor.checked(
        "listening on " + where, BIND.callInt(fd, address.address(), address.byteSize()));
    Descriptor.checked("listening on " + where, LISTEN.callInt(fd, backlog));
  }

  /** Accepts one connection; the listening socket must not block. */
  static Descriptor accept(Descriptor listening, Duration timeout, String where)
      throws IOException {
    long deadline = System.nanoTime() + timeout.toNanos();
    int fd = listening.acquire();
    try {
      // A socket that was shut down is ready for ever: it is closing that ends the loop.
      while (listening.isOpen()) {
        await(fd, POLLIN, deadline, "accepting on " + where);
        int answer = ACCEPT4.callInt(fd, 0, 0, SOCK_CLOEXEC);
        // A caller that is gone again, or that another thread took, is no failure.
        if (answer != -Errno.EAGAIN && answer != -Errno.EINTR && answer != -Errno.ECONNABORTED) {
          return Descriptor.adopt(Descriptor.checked("accepting on " + where, answer));
        }
      }
      throw new ClosedChannelException();
    } finally {
      listening.release();
    }
  }

  /** Connects a socket that does not block, and makes it block. */
  static void connect(int fd, MemorySegment address, Duration timeout, String where)
      throws IOException {
    long deadline = System.nanoTime() + timeout.toNanos();
    int answer = CONNECT.callInt(fd, address.address(), address.byteSize());
    if (answer == -Errno.EINPROGRESS || answer == -Errno.EINTR) {
      await(fd, POLLOUT, deadline, "connecting to " + where);
      answer = -option(fd, SO_ERROR);
    }
    Descriptor.checked("connecting to " + where, answer);
    block(fd);
  }

  /** Waits until a descriptor is ready. */
  static void await(int fd, int events, long deadlineNanos, String what) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment poll = arena.allocate(8, 4);
      poll.set(ValueLayout.JAVA_INT, 0, fd);
      poll.set(ValueLayout.JAVA_SHORT, 4, (short) events);
      while (true) {
        long leftMs = Math.ceilDiv(deadlineNanos - System.nanoTime(), 1_000_000L);
        int answer = POLL.callInt(poll.address(), 1, Math.clamp(leftMs, 0, Integer.MAX_VALUE));
        if (answer == 0) {
          throw Errno.failure(what, -Errno.EAGAIN);
        }
        if (answer != -Errno.EINTR) {
          Descriptor.checked(what, answer);
          return;
        }
      }
    }
  }

  static void block(int fd) throws IOException {
    int flags = Descriptor.checked("reading flags", FCNTL.callInt(fd, F_GETFL));
    Descriptor.checked("setting flags", FCNTL.callInt(fd, F_SETFL, flags & ~SOCK_NONBLOCK));
  }

  static void setOption(int fd, int level, int option, int value) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment segment = arena.allocateFrom(ValueLayout.JAVA_INT, value);
      Descriptor.checked(
          "setsockopt", SETSOCKOPT.callInt(fd, level, option, segment.address(), Integer.BYTES));
    }
  }

  private static int option(int fd, int option) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      return option(fd, option, arena.allocate(4, 4)).get(ValueLayout.JAVA_INT, 0);
    }
  }

  static MemorySegment option(int fd, int option, MemorySegment into) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment length =
          arena.allocateFrom(ValueLayout.JAVA_INT, Math.toIntExact(into.byteSize()));
      Descriptor.checked(
          "getsockopt",
          GETSOCKOPT.callInt(fd, SOL_SOCKET, option, into.address(), length.address()));
      return into;
    }
  }

  static void setTimeouts(int fd, Duration read, Duration write) throws IOException {
    setTimeout(fd, SO_RCVTIMEO, read);
    setTimeout(fd, SO_SNDTIMEO, write);
  }

  private static void setTimeout(int fd, int option, Duration timeout) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment timeval = arena.allocate(16, 8);
      timeval.set(ValueLayout.JAVA_LONG, 0, timeout.toSeconds());
      timeval.set(ValueLayout.JAVA_LONG, 8, timeout.toNanosPart() / 1000);
      Descriptor.checked(
          "setsockopt",
          SETSOCKOPT.callInt(fd, SOL_SOCKET, option, timeval.address(), timeval.byteSize()));
    }
  }

  /** Best effort: what is no socket, or not connected, has nothing to shut down. */
  static void shutdown(int fd) {
    SHUTDOWN.callInt(fd, SHUT_RDWR);
  }

  static void shutdownOutput(int fd) throws IOException {
    Descriptor.checked("shutdown", SHUTDOWN.callInt(fd, SHUT_WR));
  }
}
