package io.parley.peer.enclaves;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes control groups with a memory limit, where this process may: as root, or below a group that
 * was delegated to it (systemd: {@code Delegate=yes}). Elsewhere the enclaves' own resource limits
 * are all there is. Thread-safe.
 */
final class ControlGroups implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ControlGroups.class);
  private static final String PREFIX = "parley-";
  private static final Path MOUNT = Path.of("/sys/fs/cgroup");

  private final @Nullable Path folder;
  private final ControlGroupVersion version;
  private final AtomicInteger count = new AtomicInteger();

  private ControlGroups(@Nullable Path folder, ControlGroupVersion version) {
    this.folder = folder;
    this.version = version;
  }

  /** Tries what this machine has. */
  static ControlGroups open() {
    Path v1 = MOUNT.resolve("memory");
    boolean first = Files.isRegularFile(v1.resolve(ControlGroupVersion.V1.limit()));
    return first ? open(v1, ControlGroupVersion.V1) : open(delegated(), ControlGroupVersion.V2);
  }

  /** Below a given group. */
  static ControlGroups open(Path parent, ControlGroupVersion version) {
    Path own;
    try {
      sweep(parent);
      own = Files.createTempDirectory(parent, PREFIX + ProcessHandle.current().pid() + "-");
    } catch (IOException e) {
      LOG.info(
          "no control group for enclaves ({}); resource limits hold their memory", e.toString());
      return new ControlGroups(null, version);
    }
    try {
      if (version == ControlGroupVersion.V2) {
        leave(parent);
        write(parent.resolve("cgroup.subtree_control"), "+memory");
        write(own.resolve("cgroup.subtree_control"), "+memory");
      }
      new ControlGroups(own, version).create(EnclaveRequest.MIN_MEMORY_BYTES).close();
      return new ControlGroups(own, version);
    } catch (IOException e) {
      LOG.info("no memory controller in {}; resource limits hold enclaves' memory", own);
      own.toFile().delete();
      return new ControlGroups(null, version);
    }
  }

  /**
   * A group of version 2 that shares memory out holds no process itself (kernel: cgroup-v2.rst, "No
   * Internal Process Constraint"), the topmost one excepted.
   */
  private static void leave(Path parent) throws IOException {
    if (!parent.equals(MOUNT)) {
      Path leaf = parent.resolve("node");
      if (!Files.isDirectory(leaf)) {
        Files.createDirectory(leaf);
      }
      write(leaf.resolve("cgroup.procs"), "0");
    }
  }

  /** A group for one enclave. */
  ControlGroup create(long memoryBytes) throws IOException {
    if (folder == null) {
      return new ControlGroup(null, version);
    }
    Path place = folder.resolve("enclave-" + count.incrementAndGet());
    ControlGroup group = new ControlGroup(place, version);
    Files.createDirectory(place);
    try {
      write(place.resolve(version.limit()), Long.toString(memoryBytes));
      Path swap = place.resolve(version.swap());
      if (Files.exists(swap)) {
        write(swap, version.swapLimit(memoryBytes));
      }
      return group;
    } catch (IOException e) {
      group.close();
      throw e;
    }
  }

  /** Whether the memory of a whole enclave is held, not only that of each process in it. */
  boolean available() {
    return folder != null;
  }

  @Override
  public void close() {
    if (folder != null && !folder.toFile().delete()) {
      LOG.warn("{} could not be removed", folder);
    }
  }

  /** In version 2: the group that this process is in, if it is root the topmost. */
  private static Path delegated() {
    try {
      if ((int) Files.getAttribute(Path.of("/proc/self"), "unix:uid") == 0) {
        return MOUNT;
      }
      return Files.readAllLines(Path.of("/proc/self/cgroup")).stream()
          .filter(line -> line.startsWith("0::/"))
          .map(line -> MOUNT.resolve(line.substring("0::/".length())))
          .findFirst()
          .orElse(MOUNT);
    } catch (IOException e) {
      return MOUNT;
    }
  }

  /** Removes groups of processes that are gone; one that is in use can't be removed. */
  private static void sweep(Path parent) throws IOException {
    try (Stream<Path> groups = Files.list(parent)) {
      List<Path> dead =
          groups
              .filter(group -> group.getFileName().toString().matches(PREFIX + "\\d+-\\d+"))
              .filter(ControlGroups::ownerGone)
              .toList();
      for (Path group : dead) {
        try (Stream<Path> enclaves = Files.list(group)) {
          enclaves.filter(Files::isDirectory).forEach(enclave -> enclave.toFile().delete());
        }
        group.toFile().delete();
      }
    }
  }

  private static boolean ownerGone(Path group) {
    String pid = group.getFileName().toString().split("-", -1)[1];
    return ProcessHandle.of(Long.parseLong(pid)).isEmpty();
  }

  private static void write(Path file, String value) throws IOException {
    Files.write(file, value.getBytes(UTF_8), StandardOpenOption.WRITE);
  }
}
