package io.parley.peer.enclaves;

import io.parley.peer.machine.HostTools;
import io.parley.peer.machine.RunAs;
import io.parley.wire.EnvironmentException;
import java.nio.file.Path;
import java.util.List;

/**
 * How an enclave gets the file system in memory that holds a job's data. bwrap can mount one, with
 * the kernel's small pages only; most of the time that a dataset takes to arrive would then go by
 * with getting them. Where the machine allows it, the file system is mounted with large pages in a
 * user and mount namespace around bwrap, which binds it; it ends with them.
 *
 * @param largePages whether the machine allows it
 */
public record DataMount(boolean largePages) {
  /** Mounts with the tool that is {@code $0}, then becomes the command. */
  private static final String MOUNT_AND_RUN =
      "\"$0\" -t tmpfs -o \"$1\" tmpfs \"$2\" && shift 2 && exec \"$@\"";

  private static final long PROBE_BYTES = 1 << 20;

  /**
   * Tries it out as the enclaves' user. What keeps it from working: a kernel without transparent
   * huge pages, AppArmor on Ubuntu where only bwrap may make user namespaces, no mount command.
   *
   * @param point a folder that this user can reach
   */
  public static DataMount probe(RunAs user, Path point) {
    try {
      return new DataMount(SandboxProbe.works(user, around(point, PROBE_BYTES)));
    } catch (EnvironmentException e) {
      return new DataMount(false);
    }
  }

  /** Goes before bwrap. */
  List<String> prefix(Path point, long bytes) {
    return largePages ? around(point, bytes) : List.of();
  }

  /** bwrap's arguments. */
  List<String> arguments(Path point, long bytes, String folder) {
    return largePages
        ? List.of("--bind", point.toString(), folder)
        : List.of("--size", Long.toString(bytes), "--tmpfs", folder);
  }

  private static List<String> around(Path point, long bytes) {
    return List.of(
        HostTools.find("unshare", "util-linux"),
        "--user",
        "--map-root-user",
        "--mount",
        HostTools.find("sh", "dash"),
        "-c",
        MOUNT_AND_RUN,
        HostTools.find("mount", "mount"),
        // A large page only for what fills one: small files take no more than they did.
        "huge=within_size,size=%d,mode=0755,nosuid,nodev".formatted(bytes),
        point.toString());
  }
}
