package io.parley.shim.child;

import io.parley.link.Libc;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Waiting for, limiting and ending processes. */
final class Processes {
  static final int RLIMIT_DATA = 2;
  static final int RLIMIT_CORE = 4;
  static final int RLIMIT_NPROC = 6;

  private static final Libc WAIT4 = Libc.function("wait4");
  private static final Libc KILL = Libc.function("kill");
  private static final Libc PRLIMIT = Libc.function("prlimit");
  private static final Libc GETPID = Libc.function("getpid");

  private static final int EINTR = 4;
  private static final int SIGKILL = 9;

  /** What a call ends with that a filter does not allow. */
  static final int SIGSYS = 31;

  private static final int RUSAGE_BYTES = 256;
  private static final int MAX_RSS = 32;

  /** How a process ended: its code, or 128 and the signal; and the most memory it held. */
  record Ended(int code, long peakBytes) {
    boolean killed() {
      return code == 128 + SIGKILL;
    }
  }

  private Processes() {}

  /** Waits, however long it takes. */
  static Ended await(int pid) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment status = arena.allocate(4, 4);
      MemorySegment usage = arena.allocate(RUSAGE_BYTES, 8);
      int answer;
      do {
        answer = WAIT4.callInt(pid, status.address(), 0, usage.address());
      } while (answer == -EINTR);
      Failures.checked("waiting for the app", answer);
      int value = status.get(ValueLayout.JAVA_INT, 0);
      int signal = value & 0x7f;
      return new Ended(
          signal == 0 ? (value >> 8) & 0xff : 128 + signal,
          usage.get(ValueLayout.JAVA_LONG, MAX_RSS) << 10);
    }
  }

  /**
   * Kills a process with its group. As the enclave's first process: every other, whatever group it
   * moved to.
   */
  static void killAll(int pid) {
    KILL.callInt(-pid, SIGKILL);
    if (first()) {
      KILL.callInt(-1, SIGKILL);
    }
  }

  /** As the enclave's first process: waits until no other is left. */
  static void reapAll() {
    while (first()) {
      int answer = WAIT4.callInt(-1, 0, 0, 0);
      if (answer < 0 && answer != -EINTR) {
        return;
      }
    }
  }

  /** Sets a limit of a process, and that it can't be raised again. */
  static void limit(int pid, int resource, long value) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment limit = arena.allocate(16, 8);
      limit.set(ValueLayout.JAVA_LONG, 0, value);
      limit.set(ValueLayout.JAVA_LONG, 8, value);
      // A process that is gone already needs no limit.
      PRLIMIT.callInt(pid, resource, limit.address(), 0);
    }
  }

  /** This process's hard limit; -1: none. */
  static long hardLimit(int resource) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment limit = arena.allocate(16, 8);
      Failures.checked("getrlimit", PRLIMIT.callInt(0, resource, 0, limit.address()));
      return limit.get(ValueLayout.JAVA_LONG, 8);
    }
  }

  /** Whether this process is the first of its pid namespace. */
  static boolean first() {
    return GETPID.callInt() == 1;
  }
}
