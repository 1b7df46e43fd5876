package io.parley.peer.enclaves;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.parley.link.Seccomp;
import io.parley.link.Seccomp.Machine;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Runs the filters by a small interpreter, as the kernel would. */
class SeccompProfileTest {
  private static final int ALLOW = 0x7fff0000;
  private static final int KILL = 0x80000000;
  private static final int EPERM = 0x00050001;
  private static final int ENOSYS = 0x00050026;

  /** To whoever listens; fails with ENOSYS where nobody does. */
  private static final int NOTIFY = 0x7fc00000;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "read",
        "futex",
        "mmap",
        "execve",
        "recvmsg",
        "sendmsg",
        "wait4",
        "seccomp",
        "landlock_restrict_self",
        "prctl",
        "getrandom"
      })
  void whatARuntimeNeedsIsLetThrough(String call) throws IOException {
    for (Machine machine : Machine.values()) {
      assertThat(run(machine, number(call, machine), 0)).as(call).isEqualTo(ALLOW);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "ptrace",
        "process_vm_readv",
        "mount",
        "unshare",
        "setns",
        "bpf",
        "keyctl",
        "io_uring_setup",
        "userfaultfd",
        "perf_event_open",
        "memfd_create",
        "execveat",
        "pidfd_getfd",
        "open_by_handle_at"
      })
  void whatReachesFurtherIsDenied(String call) throws IOException {
    for (Machine machine : Machine.values()) {
      assertThat(run(machine, number(call, machine), 0)).as(call).isEqualTo(EPERM);
    }
  }

  @ParameterizedTest
  @EnumSource(Machine.class)
  void unknownCallsDoNotExist(Machine machine) {
    int clone3 = 435;
    for (int number : List.of(clone3, 999, 4095, Integer.MAX_VALUE >> 2)) {
      assertThat(run(machine, number, 0)).isEqualTo(ENOSYS);
    }
  }

  @ParameterizedTest
  @EnumSource(Machine.class)
  void otherArchitecturesAreKilled(Machine machine) {
    for (int architecture : List.of(0x40000003, 0x40000028, 0xC000003E, 0xC00000B7, 0)) {
      if (architecture != architecture(machine)) {
        assertThat(interpret(SeccompProfile.program(machine), architecture, 0, 0, 0))
            .isEqualTo(KILL);
      }
    }
  }

  @Test
  void x32CallsAreKilled() {
    assertThat(run(Machine.X86_64, 0x40000000, 0)).isEqualTo(KILL);
    assertThat(run(Machine.X86_64, 0x40000000 | 520, 0)).isEqualTo(KILL);
    assertThat(run(Machine.X86_64, -1, 0)).isEqualTo(KILL);
  }

  @ParameterizedTest
  @EnumSource(Machine.class)
  void namespacesCannotBeMade(Machine machine) throws IOException {
    int clone = number("clone", machine);
    int thread = 0x3d0f00;
    assertThat(run(machine, clone, thread)).isEqualTo(ALLOW);
    for (int flag :
        List.of(0x20000, 0x02000000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000)) {
      assertThat(run(machine, clone, thread | flag)).isEqualTo(EPERM);
    }
  }

  @ParameterizedTest
  @EnumSource(Machine.class)
  void onlyUnixSocketsCanBeMade(Machine machine) throws IOException {
    for (String call : List.of("socket", "socketpair")) {
      for (int family = 0; family < 50; family++) {
        assertThat(run(machine, number(call, machine), family))
            .isEqualTo(family == 1 ? ALLOW : NOTIFY);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(Machine.class)
  void nothingIsTypedIntoTerminals(Machine machine) throws IOException {
    byte[] program = SeccompProfile.program(machine);
    int architecture = architecture(machine);
    int ioctl = number("ioctl", machine);
    assertThat(interpret(program, architecture, ioctl, 0, 0x5412)).isEqualTo(EPERM);
    assertThat(interpret(program, architecture, ioctl, 0, 0x541c)).isEqualTo(EPERM);
    assertThat(interpret(program, architecture, ioctl, 0x5412, 0x5401)).isEqualTo(ALLOW);
  }

  @Test
  void everyLineOfTheTableIsWhatTheFilterDoes() throws IOException {
    Map<String, Integer> answers =
        Map.of("allow", ALLOW, "deny", EPERM, "clone", ALLOW, "unix", NOTIFY, "ioctl", ALLOW);
    for (String[] line : table()) {
      for (Machine machine : Machine.values()) {
        String number = line[machine == Machine.X86_64 ? 2 : 3];
        if (!number.equals("-")) {
          assertThat(run(machine, Integer.parseInt(number), 0))
              .as(String.join(" ", line))
              .isEqualTo(answers.get(line[1]));
        }
      }
    }
    assertThat(table().stream().map(line -> line[0])).isSorted().doesNotHaveDuplicates();
  }

  @Test
  void filterThatIsTooLongIsABug() {
    Seccomp filter = new Seccomp(Machine.X86_64);
    assertThatThrownBy(
            () -> {
              for (int i = 0; i < 5000; i++) {
                filter.allow(i);
              }
            })
        .hasMessageContaining("4096");
  }

  private static int architecture(Machine machine) {
    return switch (machine) {
      case X86_64 -> 0xC000003E;
      case ARM64 -> 0xC00000B7;
    };
  }

  private static int run(Machine machine, int number, int argument) {
    return interpret(SeccompProfile.program(machine), architecture(machine), number, argument, 0);
  }

  /** The part of classic BPF that seccomp filters are made of here. */
  private static int interpret(byte[] program, int architecture, int number, int... arguments) {
    ByteBuffer data = ByteBuffer.allocate(64).order(ByteOrder.LITTLE_ENDIAN);
    data.putInt(0, number).putInt(4, architecture);
    for (int i = 0; i < arguments.length; i++) {
      data.putLong(16 + 8 * i, Integer.toUnsignedLong(arguments[i]));
    }
    ByteBuffer code = ByteBuffer.wrap(program).order(ByteOrder.nativeOrder());
    int accumulator = 0;
    for (int at = 0; at < program.length / 8; at++) {
      int k = code.getInt(8 * at + 4);
      int whenTrue = Byte.toUnsignedInt(code.get(8 * at + 2));
      int whenFalse = Byte.toUnsignedInt(code.get(8 * at + 3));
      switch (code.getShort(8 * at)) {
        case 0x20 -> accumulator = data.getInt(k);
        case 0x15 -> at += accumulator == k ? whenTrue : whenFalse;
        case 0x35 -> at += Integer.compareUnsigned(accumulator, k) >= 0 ? whenTrue : whenFalse;
        case 0x45 -> at += (accumulator & k) != 0 ? whenTrue : whenFalse;
        case 0x06 -> {
          return k;
        }
        default -> throw new IllegalStateException("instruction " + code.getShort(8 * at));
      }
    }
    throw new IllegalStateException("the filter has no end");
  }

  private static int number(String call, Machine machine) throws IOException {
    Map<String, String[]> byName =
        table().stream().collect(Collectors.toMap(line -> line[0], line -> line));
    String[] line = byName.getOrDefault(call, new String[] {call, "", "-1", "-1"});
    return Integer.parseInt(line[machine == Machine.X86_64 ? 2 : 3]);
  }

  private static List<String[]> table() throws IOException {
    try (InputStream in = SeccompProfile.class.getResourceAsStream("syscalls.txt")) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8)
          .lines()
          .filter(line -> !line.startsWith("#"))
          .map(line -> line.split(" "))
          .toList();
    }
  }
}
