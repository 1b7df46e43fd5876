package io.parley.peer.enclaves;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.parley.link.Seccomp;
import io.parley.link.Seccomp.Machine;
import io.parley.wire.BugException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;

/** The system calls that an enclave may make, from the table {@code syscalls.txt}. */
final class SeccompProfile {
  private static final int CLONE_NEW_ANY = 0x7e020000;
  private static final int AF_UNIX = 1;
  private static final int TIOCSTI = 0x5412;
  private static final int TIOCLINUX = 0x541c;

  private record Rule(String name, String action, String x86, String arm) {
    static Rule parse(String line) {
      String[] parts = line.split(" ", -1);
      return new Rule(parts[0], parts[1], parts[2], parts[3]);
    }

    String number(Machine machine) {
      return switch (machine) {
        case X86_64 -> x86;
        case ARM64 -> arm;
      };
    }
  }

  private SeccompProfile() {}

  /** The filter, as bwrap reads it. */
  static byte[] program(Machine machine) {
    Seccomp filter = new Seccomp(machine);
    for (Rule rule : rules()) {
      String number = rule.number(machine);
      if (!number.equals("-")) {
        add(filter, rule, Integer.parseInt(number));
      }
    }
    return filter.otherwiseFail(Seccomp.ENOSYS);
  }

  private static void add(Seccomp filter, Rule rule, int number) {
    switch (rule.action()) {
      case "allow" -> filter.allow(number);
      case "deny" -> filter.deny(number);
      case "clone" -> filter.denyBits(number, 0, CLONE_NEW_ANY);
      // Nobody listens at this filter. The shim's filters around the app say what becomes of the
      // app's calls: they fail, or, where the app is watched, the shim sees them and they fail.
      case "unix" -> filter.allowOnlyOrNotify(number, 0, AF_UNIX);
      case "ioctl" ->
          filter.denyValue(number, 1, TIOCSTI).denyValue(number, 1, TIOCLINUX).allow(number);
      default -> throw new BugException("no such action: " + rule);
    }
  }

  private static List<Rule> rules() {
    try (InputStream in = SeccompProfile.class.getResourceAsStream("syscalls.txt")) {
      if (in == null) {
        throw new BugException("syscalls.txt is missing from the jar");
      }
      return new String(in.readAllBytes(), UTF_8)
          .lines()
          .filter(line -> !line.startsWith("#"))
          .map(Rule::parse)
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
