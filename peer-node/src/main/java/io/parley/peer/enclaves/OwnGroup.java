package io.parley.peer.enclaves;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Where this process may make groups of version 2: root below the topmost one, others below the
 * group that they are in, if it was delegated to them.
 */
public final class OwnGroup {
  /** Where systemd mounts control groups. */
  static final Path MOUNT = Path.of("/sys/fs/cgroup");

  private static final String VERSION_2 = "0::/";

  private OwnGroup() {}

  /** As the kernel says; the topmost one where it says nothing. */
  public static Path current() {
    try {
      boolean root = (int) Files.getAttribute(Path.of("/proc/self"), "unix:uid") == 0;
      return root ? MOUNT : in(Files.readAllLines(Path.of("/proc/self/cgroup")));
    } catch (IOException e) {
      return MOUNT;
    }
  }

  /** From the lines of {@code /proc/PID/cgroup} (cgroups(7)). */
  static Path in(List<String> lines) {
    return lines.stream()
        .filter(line -> line.startsWith(VERSION_2))
        .map(line -> MOUNT.resolve(line.substring(VERSION_2.length())).normalize())
        .filter(group -> group.startsWith(MOUNT))
        .findFirst()
        .orElse(MOUNT);
  }
}
