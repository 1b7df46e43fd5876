package io.parley.shim.child;

import io.parley.link.Libc;

/**
 * What the shim does for itself before it holds a key: nobody may look into its memory, neither a
 * debugger nor a dump, and no app can start processes without end.
 */
public final class ShimProtection {
  private static final Libc PRCTL = Libc.function("prctl");
  private static final int PR_GET_DUMPABLE = 3;
  private static final int PR_SET_DUMPABLE = 4;
  private static final int MAX_PROCESSES = 1024;

  private ShimProtection() {}

  /** Once, at the start. */
  public static void apply() {
    Failures.checked("PR_SET_DUMPABLE", PRCTL.callInt(PR_SET_DUMPABLE, 0, 0, 0, 0));
    long limit = Processes.hardLimit(Processes.RLIMIT_NPROC);
    if (limit < 0 || limit > MAX_PROCESSES) {
      Processes.limit(0, Processes.RLIMIT_NPROC, MAX_PROCESSES);
    }
  }

  /** Whether this process, and what it starts, leave no memory behind in files. */
  public static boolean leavesNoDumps() {
    // 1 is the kernel's own mark for "not even to a dump handler" (fs/coredump.c).
    long limit = Processes.hardLimit(Processes.RLIMIT_CORE);
    return PRCTL.callInt(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0 && (limit == 0 || limit == 1);
  }

  /** The most private memory that one process of this enclave may have; -1: no limit. */
  public static long memoryLimitBytes() {
    return Processes.hardLimit(Processes.RLIMIT_DATA);
  }
}
