package io.parley.peer.machine;

import io.parley.wire.EnvironmentException;
import io.parley.wire.Reason;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * The user that an enclave's processes have on the host: never root. bwrap that root starts leaves
 * its program with root's rights on files under /proc/sys, capabilities or none.
 *
 * @param uid user of the enclave, and its group
 * @param drop whether this process is root and has to become that user first
 */
public record RunAs(int uid, boolean drop) {
  /** Needs no account: a number that distributions leave free. */
  public static final int DEFAULT_UID = 64200;

  public RunAs {
    if (uid <= 0) {
      throw new EnvironmentException(
          Reason.SANDBOX_UNAVAILABLE,
          "an enclave may not run as root (uid %d); start the node as another user, or set an unprivileged uid"
              .formatted(uid),
          Map.of("uid", Integer.toString(uid)));
    }
  }

  /** This process's user, or {@code unprivileged} when this process is root. */
  public static RunAs current(int unprivileged) {
    try {
      int uid = (int) Files.getAttribute(Path.of("/proc/self"), "unix:uid");
      return uid == 0 ? new RunAs(unprivileged, true) : new RunAs(uid, false);
    } catch (IOException e) {
      throw new UncheckedIOException("/proc/self tells this process's user", e);
    }
  }

  /** Goes before a command. */
  public List<String> prefix() {
    return drop
        ? List.of(
            HostTools.find("setpriv", "util-linux"),
            "--reuid=" + uid,
            "--regid=" + uid,
            "--clear-groups",
            "--no-new-privs")
        : List.of();
  }

  /** Gives a file to the enclave's user. */
  public void own(Path file) throws IOException {
    if (drop) {
      Files.setAttribute(file, "unix:uid", uid);
    }
  }
}
