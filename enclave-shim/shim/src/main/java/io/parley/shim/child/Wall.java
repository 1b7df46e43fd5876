package io.parley.shim.child;

import io.parley.link.Libc;
import io.parley.link.Seccomp.Machine;
import io.parley.shim.child.Landlock.Access;
import io.parley.shim.child.Landlock.Rule;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.List;

/**
 * What stands between an app and the shim: Landlock and a seccomp filter, set on a thread that is
 * thrown away after it has started the app. Both hold for what a thread starts, not for the threads
 * beside it. Immutable.
 */
final class Wall {
  private static final Libc PRCTL = Libc.function("prctl");
  private static final int PR_SET_SECCOMP = 22;
  private static final int PR_SET_NO_NEW_PRIVS = 38;
  private static final int MODE_FILTER = 2;

  private final Path java;
  private final List<Rule> rules;

  Wall(Path java, List<Rule> rules) {
    this.java = java;
    this.rules = List.copyOf(rules);
  }

  /**
   * The enclave's: code to run, inputs to read, outputs and scratch to write, nothing else.
   *
   * @param app the folder of the one app that runs behind it
   */
  static Wall ofEnclave(Path app) {
    return new Wall(
        Path.of("/jdk/bin/java"),
        List.of(
            new Rule(Path.of("/jdk"), Access.RUN),
            new Rule(Path.of("/lib"), Access.RUN),
            new Rule(app, Access.RUN),
            new Rule(Path.of("/in"), Access.READ),
            new Rule(Path.of("/out"), Access.WRITE),
            new Rule(Path.of("/net"), Access.WRITE),
            new Rule(Path.of("/tmp"), Access.WRITE),
            // Engines ask for memory and processors here. The shim is not dumpable, so its own
            // entries stay closed.
            new Rule(Path.of("/proc"), Access.READ),
            new Rule(Path.of("/dev/null"), Access.WRITE_DEVICE),
            new Rule(Path.of("/dev/zero"), Access.READ_DEVICE),
            new Rule(Path.of("/dev/random"), Access.READ_DEVICE),
            new Rule(Path.of("/dev/urandom"), Access.READ_DEVICE)));
  }

  /** What it allows. */
  List<Rule> rules() {
    return rules;
  }

  /** The runtime that is inside it. */
  Path java() {
    return java;
  }

  /**
   * Shuts the calling thread, and all that it starts, in. There is no way back.
   *
   * @param watched whether a {@link Watch} comes next, which then stands for the wall where sockets
   *     are asked for
   */
  void apply(boolean watched) {
    byte[] filter = AppFilter.program(Machine.current(), watched);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment program = arena.allocate(filter.length, 8);
      MemorySegment.copy(filter, 0, program, ValueLayout.JAVA_BYTE, 0, filter.length);
      MemorySegment header = arena.allocate(16, 8); // struct sock_fprog
      header.set(ValueLayout.JAVA_SHORT, 0, (short) (filter.length / 8));
      header.set(ValueLayout.JAVA_LONG, 8, program.address());
      Failures.checked("no_new_privs", PRCTL.callInt(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
      Landlock.restrict(rules);
      Failures.checked(
          "seccomp", PRCTL.callInt(PR_SET_SECCOMP, MODE_FILTER, header.address(), 0, 0));
    }
  }
}
