package io.parley.shim.child;

import io.parley.link.Libc;
import io.parley.link.Seccomp.Machine;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;

/**
 * The end of a seccomp filter at which calls are shown and let through (seccomp_unotify(2)). For
 * one thread at a time; closing it makes all calls that wait, and all that come, fail.
 */
final class Listener implements AutoCloseable {
  private static final Libc SYSCALL = Libc.function("syscall");
  private static final Libc IOCTL = Libc.function("ioctl");
  private static final Libc POLL = Libc.function("poll");
  private static final Libc CLOSE = Libc.function("close");

  private static final String WHAT = "watching the app (seccomp_unotify, Linux 5.5)";
  private static final int SET_MODE_FILTER = 1;
  private static final int GET_ACTION_AVAILABLE = 2;
  private static final int RET_USER_NOTIF = 0x7fc00000;
  private static final int NEW_LISTENER = 1 << 3;
  private static final long NOTIF_RECV = 0xC0502100L;
  private static final long NOTIF_SEND = 0xC0182101L;
  private static final int CONTINUE = 1;

  // struct seccomp_notif: id, pid, flags, and struct seccomp_data
  private static final int NOTIFICATION_BYTES = 80;
  private static final int PID = 8;
  private static final int NUMBER = 16;
  private static final int ARGUMENTS = 32;

  // struct seccomp_notif_resp: id, val, error, flags
  private static final int RESPONSE_BYTES = 24;
  private static final int ERROR = 16;
  private static final int FLAGS = 20;

  private static final short POLLIN = 1;
  private static final short POLLHUP = 16;
  private static final int POLL_MILLIS = 200;
  private static final int EINTR = 4;

  private final int descriptor;
  private boolean over;

  private Listener(int descriptor) {
    this.descriptor = descriptor;
  }

  /** A call that waits, with its first arguments. */
  record Shown(long id, int thread, int number, long first, long second, long third, long fourth) {}

  /**
   * Whether this kernel has it. To be asked before a thread is shut in: one that is can load no
   * class any more.
   */
  static void requireAvailable(Machine machine) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment action = arena.allocate(4, 4);
      action.set(ValueLayout.JAVA_INT, 0, RET_USER_NOTIF);
      Failures.checked(
          WHAT, SYSCALL.callLong(seccomp(machine), GET_ACTION_AVAILABLE, 0, action.address()));
    }
  }

  private static int seccomp(Machine machine) {
    return switch (machine) {
      case X86_64 -> 317;
      case ARM64 -> 277;
    };
  }

  /** Puts the filter on the calling thread, for ever. Needs no_new_privs. */
  static Listener install(byte[] filter, Machine machine) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment program = arena.allocate(filter.length, 8);
      MemorySegment.copy(filter, 0, program, ValueLayout.JAVA_BYTE, 0, filter.length);
      MemorySegment header = arena.allocate(16, 8); // struct sock_fprog
      header.set(ValueLayout.JAVA_SHORT, 0, (short) (filter.length / 8));
      header.set(ValueLayout.JAVA_LONG, 8, program.address());
      return new Listener(
          (int)
              Failures.checked(
                  WHAT,
                  SYSCALL.callLong(
                      seccomp(machine), SET_MODE_FILTER, NEW_LISTENER, header.address())));
    }
  }

  /** The next call, or null when there was none for a moment. */
  @Nullable Shown next(Arena arena) {
    MemorySegment poll = arena.allocate(8, 4);
    poll.set(ValueLayout.JAVA_INT, 0, descriptor);
    poll.set(ValueLayout.JAVA_SHORT, 4, POLLIN);
    int ready = POLL.callInt(poll.address(), 1, POLL_MILLIS);
    if (ready != -EINTR) {
      Failures.checked("watching the app", ready);
    }
    short events = ready <= 0 ? 0 : poll.get(ValueLayout.JAVA_SHORT, 6);
    if ((events & POLLIN) == 0) {
      over = (events & POLLHUP) != 0;
      return null;
    }
    MemorySegment notification = arena.allocate(NOTIFICATION_BYTES, 8);
    // Fails when the caller was killed meanwhile.
    if (IOCTL.callInt(descriptor, NOTIF_RECV, notification.address()) < 0) {
      return null;
    }
    return new Shown(
        notification.get(ValueLayout.JAVA_LONG, 0),
        notification.get(ValueLayout.JAVA_INT, PID),
        notification.get(ValueLayout.JAVA_INT, NUMBER),
        notification.get(ValueLayout.JAVA_LONG, ARGUMENTS),
        notification.get(ValueLayout.JAVA_LONG, ARGUMENTS + Long.BYTES),
        notification.get(ValueLayout.JAVA_LONG, ARGUMENTS + 2 * Long.BYTES),
        notification.get(ValueLayout.JAVA_LONG, ARGUMENTS + 3 * Long.BYTES));
  }

  /** Whether nobody is left who could make a call. */
  boolean over() {
    return over;
  }

  /** Lets it go on to the kernel, where the wall stands. */
  void letThrough(Shown shown, Arena arena) {
    MemorySegment response = arena.allocate(RESPONSE_BYTES, 8);
    response.set(ValueLayout.JAVA_LONG, 0, shown.id());
    response.set(ValueLayout.JAVA_INT, FLAGS, CONTINUE);
    // Fails when the caller was killed meanwhile.
    IOCTL.callInt(descriptor, NOTIF_SEND, response.address());
  }

  /** Lets it fail with this error. */
  void refuse(Shown shown, int errno, Arena arena) {
    MemorySegment response = arena.allocate(RESPONSE_BYTES, 8);
    response.set(ValueLayout.JAVA_LONG, 0, shown.id());
    response.set(ValueLayout.JAVA_INT, ERROR, -errno);
    // Fails when the caller was killed meanwhile.
    IOCTL.callInt(descriptor, NOTIF_SEND, response.address());
  }

  @Override
  public void close() {
    CLOSE.callInt(descriptor);
  }
}
