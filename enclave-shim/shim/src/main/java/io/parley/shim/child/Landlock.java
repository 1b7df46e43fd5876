package io.parley.shim.child;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.parley.link.Libc;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.List;

/**
 * Landlock (landlock(7)): what a thread, and every process that it starts, may still do with files.
 * It also keeps them from looking into, or signalling, processes outside.
 */
final class Landlock {
  private static final Libc SYSCALL = Libc.function("syscall");
  private static final Libc OPEN = Libc.function("open");
  private static final Libc CLOSE = Libc.function("close");

  // The same numbers on every machine.
  private static final int CREATE_RULESET = 444;
  private static final int ADD_RULE = 445;
  private static final int RESTRICT_SELF = 446;
  private static final int VERSION_FLAG = 1;
  private static final int PATH_BENEATH = 1;

  private static final int O_PATH_CLOEXEC = 0x200000 | 0x80000;

  private static final long EXECUTE = 1;
  private static final long WRITE_FILE = 1 << 1;
  private static final long READ_FILE = 1 << 2;
  private static final long READ_DIR = 1 << 3;
  private static final long REMOVE_DIR = 1 << 4;
  private static final long REMOVE_FILE = 1 << 5;
  private static final long MAKE_DIR = 1 << 7;
  private static final long MAKE_REG = 1 << 8;
  private static final long MAKE_SOCK = 1 << 9;
  private static final long MAKE_FIFO = 1 << 10;
  private static final long REFER = 1 << 13;
  private static final long TRUNCATE = 1 << 14;

  private static final long ALL_TCP = 3;
  private static final long ALL_SCOPES = 3;

  /** What may be done below a path. */
  enum Access {
    READ(READ_FILE | READ_DIR),
    RUN(READ_FILE | READ_DIR | EXECUTE),
    WRITE(
        READ_FILE
            | READ_DIR
            | WRITE_FILE
            | TRUNCATE
            | REMOVE_DIR
            | REMOVE_FILE
            | MAKE_DIR
            | MAKE_REG
            | MAKE_SOCK
            | MAKE_FIFO
            | REFER),
    READ_DEVICE(READ_FILE),
    WRITE_DEVICE(READ_FILE | WRITE_FILE);

    private final long bits;

    Access(long bits) {
      this.bits = bits;
    }
  }

  /** One allowance; a path that is not there gives none. */
  record Rule(Path path, Access access) {}

  private Landlock() {}

  /** What this kernel knows of it; 0 or less: nothing. */
  static int version() {
    return (int) SYSCALL.callLong(CREATE_RULESET, 0, 0, VERSION_FLAG);
  }

  /** Shuts the calling thread in, for ever. Needs no_new_privs. */
  static void restrict(List<Rule> rules) {
    int version = version();
    if (version < 1) {
      throw Failures.unavailable(
          "this kernel has no Landlock, which walls the app in; expected Linux 5.13 or later with"
              + " CONFIG_SECURITY_LANDLOCK and 'landlock' among the lsm= boot parameters");
    }
    try (Arena arena = Arena.ofConfined()) {
      long handled = handled(version);
      int ruleset = create(version, handled, arena);
      try {
        for (Rule rule : rules) {
          add(ruleset, rule, handled, arena);
        }
        Failures.checked("landlock_restrict_self", SYSCALL.callLong(RESTRICT_SELF, ruleset, 0));
      } finally {
        CLOSE.callInt(ruleset);
      }
    }
  }

  /** Every right on files that this version can take away. */
  private static long handled(int version) {
    int bits =
        switch (version) {
          case 1 -> 13;
          case 2 -> 14;
          case 3, 4 -> 15;
          default -> 16;
        };
    return (1L << bits) - 1;
  }

  private static int create(int version, long handled, Arena arena) {
    MemorySegment attributes = arena.allocate(24, 8);
    attributes.set(ValueLayout.JAVA_LONG, 0, handled);
    attributes.set(ValueLayout.JAVA_LONG, 8, version >= 4 ? ALL_TCP : 0);
    attributes.set(ValueLayout.JAVA_LONG, 16, version >= 6 ? ALL_SCOPES : 0);
    int size = version >= 6 ? 24 : version >= 4 ? 16 : 8;
    return (int)
        Failures.checked(
            "landlock_create_ruleset",
            SYSCALL.callLong(CREATE_RULESET, attributes.address(), size, 0));
  }

  private static void add(int ruleset, Rule rule, long handled, Arena arena) {
    MemorySegment path = arena.allocateFrom(rule.path().toString(), UTF_8);
    int fd = OPEN.callInt(path.address(), O_PATH_CLOEXEC);
    if (fd < 0) {
      return;
    }
    try {
      MemorySegment beneath = arena.allocate(16, 8);
      beneath.set(ValueLayout.JAVA_LONG, 0, rule.access().bits & handled);
      beneath.set(ValueLayout.JAVA_INT, 8, fd);
      Failures.checked(
          "landlock_add_rule for " + rule.path(),
          SYSCALL.callLong(ADD_RULE, ruleset, PATH_BENEATH, beneath.address(), 0));
    } finally {
      CLOSE.callInt(fd);
    }
  }
}
