package io.parley.shim.child;

import io.parley.link.Seccomp;
import io.parley.link.Seccomp.Machine;

/**
 * The app's own filter, on top of the enclave's: what would reach another process, and sockets of
 * any network. It stands also where Landlock is too old to keep signals in.
 */
final class AppFilter {
  private static final int SHIM_PID = 1;
  private static final int EVERYBODY = -1;
  private static final int AF_UNIX = 1;

  /** Calls by their numbers on x86-64 and arm64. */
  private enum Call {
    PTRACE(101, 117),
    PROCESS_VM_READV(310, 270),
    PROCESS_VM_WRITEV(311, 271),
    KILL(62, 129),
    TGKILL(234, 131),
    TKILL(200, 130),
    RT_SIGQUEUEINFO(129, 138),
    RT_TGSIGQUEUEINFO(297, 240),
    PIDFD_SEND_SIGNAL(424, 424),
    PRLIMIT64(302, 261),
    PIDFD_OPEN(434, 434),
    UNSHARE(272, 97),
    MOUNT(165, 40),
    SOCKET(41, 198),
    SOCKETPAIR(53, 199);

    private final int x86;
    private final int arm;

    Call(int x86, int arm) {
      this.x86 = x86;
      this.arm = arm;
    }

    int number(Machine machine) {
      return switch (machine) {
        case X86_64 -> x86;
        case ARM64 -> arm;
      };
    }
  }

  private AppFilter() {}

  /**
   * The filter.
   *
   * @param watched whether a {@link Watch} answers for sockets, as a filter that lets a call fail
   *     comes before any watch
   */
  static byte[] program(Machine machine, boolean watched) {
    Seccomp filter = new Seccomp(machine);
    for (Call call : Call.values()) {
      int number = call.number(machine);
      switch (call) {
        case KILL, TGKILL, TKILL, RT_SIGQUEUEINFO, RT_TGSIGQUEUEINFO ->
            filter.denyValue(number, 0, SHIM_PID).denyValue(number, 0, EVERYBODY);
        case SOCKET, SOCKETPAIR -> {
          if (!watched) {
            filter.allowOnly(number, 0, AF_UNIX);
          }
        }
        case PRLIMIT64 -> filter.allowOnly(number, 0, 0);
        // A folder of /proc serves as a descriptor of its process too.
        case PTRACE,
            PROCESS_VM_READV,
            PROCESS_VM_WRITEV,
            PIDFD_OPEN,
            PIDFD_SEND_SIGNAL,
            UNSHARE,
            MOUNT ->
            filter.deny(number);
      }
    }
    return filter.otherwiseAllow();
  }
}
