package io.parley.peer.cli;

import io.parley.peer.cli.process.Distribution;
import io.parley.peer.enclaves.DataMount;
import io.parley.peer.enclaves.OwnGroup;
import io.parley.peer.enclaves.SandboxProbe;
import io.parley.peer.machine.Folders;
import io.parley.peer.machine.RunAs;
import io.parley.wire.EnvironmentException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/** What this machine must have before anything of ours can run. */
final class MachineChecks {
  private static final int JDK_LEAST = 25;
  private static final long DISK_WARN_BYTES = 1L << 30;
  private static final long TOOL_SECONDS = 10;

  private final Distribution distribution;
  private final Path home;

  MachineChecks(Distribution distribution, Path home) {
    this.distribution = distribution;
    this.home = home;
  }

  List<Finding> run() {
    List<Finding> findings = new ArrayList<>();
    findings.add(jdk());
    findings.add(parts());
    findings.add(
        tool(
            "bwrap",
            "the sandbox of enclaves",
            "apt-get install bubblewrap",
            "bwrap",
            "--version"));
    if (root()) {
      findings.add(
          tool(
              "setpriv",
              "a node that runs as root drops its rights with it",
              "apt-get install util-linux",
              "setpriv",
              "--version"));
    }
    findings.add(namespaces());
    findings.add(largePages());
    findings.add(cgroup());
    findings.add(disk());
    return findings;
  }

  private static Finding jdk() {
    int feature = Runtime.version().feature();
    return feature >= JDK_LEAST
        ? Finding.ok("jdk", "Java " + Runtime.version())
        : Finding.fail(
            "jdk", "Java " + Runtime.version(), "install a JDK of at least " + JDK_LEAST);
  }

  private Finding parts() {
    if (!distribution.present()) {
      return Finding.warn(
          "distribution",
          "parley does not run from its distribution",
          "start it by deploy/parley; try, broker serve and enclaves need its parts");
    }
    for (String part : List.of("lib/shim", "lib/key-broker", "runtime/bin/java")) {
      if (!Files.exists(distribution.root().resolve(part))) {
        return Finding.fail(
            "distribution", distribution.root() + " lacks " + part, "build again: mvn package");
      }
    }
    return Finding.ok("distribution", distribution.root().toString());
  }

  private static Finding tool(String name, String why, String todo, String... command) {
    Outcome outcome = execute(List.of(command));
    return outcome.code() == 0
        ? Finding.ok(name, outcome.text())
        : Finding.fail(name, "not found or not usable: " + why, todo);
  }

  /** The same probe that the launcher does: as a user without rights, never as root. */
  private static Finding namespaces() {
    try {
      SandboxProbe.check(RunAs.DEFAULT_UID);
      return Finding.ok("user namespaces", "bwrap makes a sandbox without rights");
    } catch (EnvironmentException e) {
      return Finding.fail(
          "user namespaces", "no sandbox without rights", String.valueOf(e.getMessage()));
    }
  }

  private static Finding largePages() {
    return DataMount.probe(RunAs.current(RunAs.DEFAULT_UID), Folders.temporary()).largePages()
        ? Finding.ok("large pages", "data of jobs lies in them")
        : Finding.warn(
            "large pages",
            "not to be had: datasets arrive more slowly",
            "they need transparent huge pages in the kernel, and unshare --user --mount without"
                + " rights; on Ubuntu kernel.apparmor_restrict_unprivileged_userns=0");
  }

  private static Finding cgroup() {
    Path v1 = Path.of("/sys/fs/cgroup/memory");
    if (Files.exists(v1.resolve("memory.limit_in_bytes"))) {
      return Files.isWritable(v1)
          ? Finding.ok("memory cgroup", "version 1")
          : noCgroup("version 1, not writable for this user");
    }
    Path own = OwnGroup.current();
    try {
      if (!Files.exists(own.resolve("cgroup.controllers"))) {
        return noCgroup("none found");
      }
      if (!Files.readString(own.resolve("cgroup.controllers")).contains("memory")) {
        return noCgroup("version 2, without the memory controller in " + own);
      }
    } catch (IOException e) {
      return noCgroup(e.toString());
    }
    return Files.isWritable(own) && Files.isWritable(own.resolve("cgroup.subtree_control"))
        ? Finding.ok("memory cgroup", "version 2, below " + own)
        : noCgroup("version 2, and %s is not delegated to this user".formatted(own));
  }

  private static Finding noCgroup(String detail) {
    return Finding.warn(
        "memory cgroup",
        detail,
        "give the node a delegated one: Delegate=memory in its systemd unit, or 'systemd-run --user"
            + " --scope -p Delegate=memory parley peer serve'; else memory is capped for each process"
            + " of an enclave, not for all together");
  }

  private Finding disk() {
    Path existing = home;
    while (!Files.exists(existing) && existing.getParent() != null) {
      existing = existing.getParent();
    }
    try {
      long free = Files.getFileStore(existing).getUsableSpace();
      String detail = String.format(Locale.ROOT, "%.1f GB free at %s", free / 1e9, existing);
      return free < DISK_WARN_BYTES
          ? Finding.warn("disk", detail, "make room: datasets and results are kept there")
          : Finding.ok("disk", detail);
    } catch (IOException e) {
      return Finding.warn("disk", e.toString(), "");
    }
  }

  private static boolean root() {
    try {
      return Integer.valueOf(0).equals(Files.getAttribute(Path.of("/proc/self"), "unix:uid"));
    } catch (IOException | UnsupportedOperationException e) {
      return false;
    }
  }

  /** How a tool ended, and the first line of what it said. */
  private record Outcome(int code, String text) {}

  private static Outcome execute(List<String> command) {
    try {
      Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
      process.getOutputStream().close();
      byte[] said = process.getInputStream().readNBytes(4096);
      if (!process.waitFor(TOOL_SECONDS, TimeUnit.SECONDS)) {
        process.destroyForcibly();
        return new Outcome(-1, "no answer after " + TOOL_SECONDS + " s");
      }
      String text = new String(said, StandardCharsets.UTF_8).strip();
      return new Outcome(process.exitValue(), text.lines().findFirst().orElse(""));
    } catch (IOException e) {
      return new Outcome(-1, String.valueOf(e.getMessage()));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return new Outcome(-1, "interrupted");
    }
  }
}
