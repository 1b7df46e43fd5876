package io.parley.shim.child;

import io.parley.link.Seccomp;
import io.parley.link.Seccomp.Machine;

/**
 * The filter of an app that is watched, beside its wall's. Calls that are worth a look go to the
 * watch, which lets them through, or refuses them where they ask for the network. Calls that no app
 * makes by accident end the process: the enclave's own filter lets them fail, and the kernel asks a
 * watch only about calls that no filter lets fail.
 */
final class WatchFilter {
  private static final int SHIM_PID = 1;
  private static final int EVERYBODY = -1;
  private static final int CLONE_THREAD = 0x10000;

  /** Calls by their numbers on x86-64 and arm64; -1: none. */
  enum Call {
    OPEN(2, -1),
    OPENAT(257, 56),
    OPENAT2(437, 437),
    CREAT(85, -1),
    EXECVE(59, 221),
    FORK(57, -1),
    VFORK(58, -1),
    CLONE(56, 220),
    CLONE3(435, 435),
    PTRACE(101, 117),
    PROCESS_VM_READV(310, 270),
    PROCESS_VM_WRITEV(311, 271),
    MOUNT(165, 40),
    OPEN_TREE(428, 428),
    MOVE_MOUNT(429, 429),
    FSOPEN(430, 430),
    MOUNT_SETATTR(442, 442),
    UNSHARE(272, 97),
    SETNS(308, 268),
    EXECVEAT(322, 281),
    PIDFD_GETFD(438, 438),
    PIDFD_SEND_SIGNAL(424, 424),
    KILL(62, 129),
    TGKILL(234, 131),
    TKILL(200, 130),
    RT_SIGQUEUEINFO(129, 138),
    RT_TGSIGQUEUEINFO(297, 240),
    TRUNCATE(76, 45),
    UNLINK(87, -1),
    UNLINKAT(263, 35),
    RENAME(82, -1),
    RENAMEAT(264, 38),
    RENAMEAT2(316, 276),
    SOCKET(41, 198),
    SOCKETPAIR(53, 199),
    CONNECT(42, 203),
    BIND(49, 200);

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

  private WatchFilter() {}

  static byte[] program(Machine machine) {
    Seccomp filter = new Seccomp(machine);
    for (Call call : Call.values()) {
      int number = call.number(machine);
      if (number >= 0) {
        add(filter, call, number);
      }
    }
    return filter.otherwiseAllow();
  }

  private static void add(Seccomp filter, Call call, int number) {
    switch (call) {
      case OPEN,
          OPENAT,
          OPENAT2,
          CREAT,
          TRUNCATE,
          UNLINK,
          UNLINKAT,
          RENAME,
          RENAMEAT,
          RENAMEAT2,
          EXECVE,
          FORK,
          VFORK,
          SOCKET,
          SOCKETPAIR,
          CONNECT,
          BIND ->
          filter.notify(number);
      case CLONE -> filter.notifyWithoutBits(number, 0, CLONE_THREAD);
      // Its flags are in memory, where a filter cannot see them; the C library has clone instead.
      case CLONE3 -> filter.fail(number, Seccomp.ENOSYS);
      case KILL, TGKILL, TKILL, RT_SIGQUEUEINFO, RT_TGSIGQUEUEINFO ->
          filter.killValue(number, 0, SHIM_PID).killValue(number, 0, EVERYBODY);
      case PTRACE,
          PROCESS_VM_READV,
          PROCESS_VM_WRITEV,
          MOUNT,
          OPEN_TREE,
          MOVE_MOUNT,
          FSOPEN,
          MOUNT_SETATTR,
          UNSHARE,
          SETNS,
          EXECVEAT,
          PIDFD_GETFD,
          PIDFD_SEND_SIGNAL ->
          filter.kill(number);
    }
  }
}
