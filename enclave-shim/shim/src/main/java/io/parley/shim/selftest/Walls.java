package io.parley.shim.selftest;

import io.parley.link.Libc;
import java.io.IOException;
import java.net.ProtocolFamily;
import java.net.StandardProtocolFamily;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What must not work: the walls around the enclave. */
final class Walls {
  /** On every Linux host, in no enclave. */
  private static final List<String> HOST_FILES =
      List.of(
          "/etc/passwd",
          "/etc/hostname",
          "/root",
          "/home",
          "/var",
          "/usr/bin",
          "/sys/kernel",
          "/boot");

  /** A process with a way out would use one of these first. */
  private static final List<String> HOST_PROGRAMS =
      List.of(
          "/bin/sh",
          "/bin/bash",
          "/usr/bin/env",
          "/usr/bin/python3",
          "/bin/busybox",
          "/usr/bin/perl");

  /** Writing one of these takes the host over; none may open for writing. */
  private static final List<String> HOST_SWITCHES =
      List.of("/proc/sys/kernel/core_pattern", "/proc/sys/kernel/modprobe", "/proc/sysrq-trigger");

  private static final long PTRACE_SEIZE = 0x4206;
  private static final long NOBODY = Integer.MAX_VALUE;
  private static final int ESRCH = 3;
  private static final Pattern LIMIT = Pattern.compile("(?m)^(.+?)\\s{2,}(\\S+)\\s+(\\S+)");

  private Walls() {}

  static String network() {
    for (ProtocolFamily family :
        List.of(StandardProtocolFamily.INET, StandardProtocolFamily.INET6)) {
      try (SocketChannel socket = SocketChannel.open(family)) {
        return EnvironmentTests.failed("a socket of " + family + " was given: " + socket.isOpen());
      } catch (IOException | UnsupportedOperationException e) {
        // As it must be.
      }
    }
    return EnvironmentTests.DENIED;
  }

  static String hostFiles() {
    for (String file : HOST_FILES) {
      if (Files.exists(Path.of(file))) {
        return EnvironmentTests.failed(file + " is visible");
      }
    }
    for (String file : HOST_SWITCHES) {
      // Opened without a byte written: on a wall with a hole nothing must happen.
      try (var open = Files.newByteChannel(Path.of(file), StandardOpenOption.WRITE)) {
        return EnvironmentTests.failed(file + " opens for writing: " + open.isOpen());
      } catch (IOException e) {
        // As it must be.
      }
    }
    return EnvironmentTests.DENIED;
  }

  static String exec() throws InterruptedException {
    for (String program : HOST_PROGRAMS) {
      try {
        Process started = new ProcessBuilder(program).start();
        started.destroyForcibly().waitFor();
        return EnvironmentTests.failed(program + " was started");
      } catch (IOException e) {
        // As it must be.
      }
    }
    return EnvironmentTests.DENIED;
  }

  /**
   * Asked for a process that does not exist: where ptrace works the answer is that, not a refusal.
   */
  static String ptrace() {
    int answer = Libc.function("ptrace").callInt(PTRACE_SEIZE, NOBODY, 0, 0);
    return answer < 0 && answer != -ESRCH
        ? EnvironmentTests.DENIED
        : EnvironmentTests.failed("ptrace is not refused");
  }

  static String otherPids() throws IOException {
    String self = Long.toString(ProcessHandle.current().pid());
    try (var entries = Files.list(Path.of("/proc"))) {
      List<String> others =
          entries
              .map(entry -> entry.getFileName().toString())
              .filter(name -> name.chars().allMatch(Character::isDigit))
              .filter(pid -> !pid.equals(self))
              .limit(4)
              .toList();
      return others.isEmpty()
          ? EnvironmentTests.DENIED
          : EnvironmentTests.failed("other processes are visible: " + others);
    }
  }

  /**
   * A limit of 1 byte is none too: unlike 0 it also keeps a piped handler of the host from
   * starting.
   */
  static String coreDumps() throws IOException {
    Matcher limit = limit("Max core file size");
    return limit.group(3).equals("0") || limit.group(3).equals("1")
        ? EnvironmentTests.DENIED
        : EnvironmentTests.failed("core files up to " + limit.group(3));
  }

  static String memoryCap() throws IOException {
    Matcher limit = limit("Max data size");
    if (limit.group(3).equals("unlimited")) {
      return EnvironmentTests.failed("the process may take any amount of memory");
    }
    long bytes = Long.parseLong(limit.group(3));
    return Runtime.getRuntime().maxMemory() < bytes
        ? EnvironmentTests.PASSED
        : EnvironmentTests.failed("the heap may grow beyond the cap of " + bytes + " bytes");
  }

  /** Groups: name, soft limit, hard limit. */
  private static Matcher limit(String name) throws IOException {
    Matcher lines = LIMIT.matcher(Files.readString(Path.of("/proc/self/limits")));
    while (lines.find()) {
      if (lines.group(1).equals(name)) {
        return lines;
      }
    }
    throw new IOException("no limit of this name: " + name);
  }
}
