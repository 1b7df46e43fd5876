package io.parley.link;

import java.io.IOException;
import java.net.SocketTimeoutException;
import java.nio.channels.ClosedChannelException;

/** Error numbers that calls on descriptors look at; x86-64 and arm64 share them. */
final class Errno {
  static final int EINTR = 4;
  static final int EAGAIN = 11;
  static final int EPIPE = 32;
  static final int ECONNABORTED = 103;
  static final int ECONNRESET = 104;
  static final int EINPROGRESS = 115;

  private Errno() {}

  /** The exception that a call's negative answer stands for. */
  static IOException failure(String what, long answer) {
    int errno = (int) -answer;
    return switch (errno) {
      case EAGAIN -> new SocketTimeoutException(what + " timed out");
      case EPIPE, ECONNRESET -> closed(what, errno);
      default ->
          new IOException("%s failed: %s (errno %d)".formatted(what, Libc.describe(errno), errno));
    };
  }

  private static IOException closed(String what, int errno) {
    ClosedChannelException closed = new ClosedChannelException();
    closed.initCause(new IOException(what + ": " + Libc.describe(errno)));
    return closed;
  }
}
