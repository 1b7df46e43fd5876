package io.parley.peer.enclaves;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
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
  private static final int MOVES_MAX = 3;

  private final @Nullable Path folder;
  private final ControlGroupVersion version;
  private final GroupFiles files;
  private final AtomicInteger count = new AtomicInteger();

  private ControlGroups(@Nullable Path folder, ControlGroupVersion version, GroupFiles files) {
    this.folder = folder;
    this.version = version;
    this.files = files;
  }

  /** Tries what this machine has. */
  static ControlGroups open() {
    GroupFiles files = GroupFiles.KERNEL;
    Path v1 = OwnGroup.MOUNT.resolve("memory");
    return files.exists(v1.resolve(ControlGroupVersion.V1.limit()))
        ? open(v1, ControlGroupVersion.V1, files, ControlGroups::ownProcesses)
        : open(OwnGroup.current(), ControlGroupVersion.V2, files, ControlGroups::ownProcesses);
  }

  /**
   * Below a given group.
   *
   * @param processes this one, and those that it has started
   */
  static ControlGroups open(
      Path parent, ControlGroupVersion version, GroupFiles files, Supplier<List<Long>> processes) {
    Path own;
    try {
      sweep(parent, files);
      own = make(parent, files);
    } catch (IOException e) {
      LOG.info(
          "no control group for enclaves ({}); resource limits hold their memory", e.toString());
      return new ControlGroups(null, version, files);
    }
    ControlGroups groups = new ControlGroups(own, version, files);
    try {
      if (version == ControlGroupVersion.V2) {
        shareMemory(parent, files, processes);
        files.write(own.resolve("cgroup.subtree_control"), "+memory");
      }
      groups.create(EnclaveRequest.MIN_MEMORY_BYTES).close();
      return groups;
    } catch (IOException e) {
      LOG.info(
          "no memory controller in {} ({}); resource limits hold enclaves' memory",
          parent,
          e.toString());
      groups.close();
      return new ControlGroups(null, version, files);
    }
  }

  private static List<Long> ownProcesses() {
    ProcessHandle self = ProcessHandle.current();
    return Stream.concat(Stream.of(self), self.descendants()).map(ProcessHandle::pid).toList();
  }

  private static Path make(Path parent, GroupFiles files) throws IOException {
    String name = PREFIX + ProcessHandle.current().pid() + "-";
    for (int number = 1; ; number++) {
      Path own = parent.resolve(name + number);
      try {
        files.make(own);
        return own;
      } catch (FileAlreadyExistsException e) {
        // That of another node in this process, or of a dead one that had its number.
      }
    }
  }

  /**
   * A group of version 2 that shares memory out holds no process itself (kernel: cgroup-v2.rst, "No
   * Internal Process Constraint"), so those of ours move into a leaf: this one, and those that it
   * has started, such as an embedded broker. The topmost group may hold processes; it alone has no
   * type.
   */
  private static void shareMemory(Path parent, GroupFiles files, Supplier<List<Long>> processes)
      throws IOException {
    Path shared = parent.resolve("cgroup.subtree_control");
    if (!files.exists(parent.resolve("cgroup.type"))) {
      files.write(shared, "+memory");
      return;
    }
    Path leaf = parent.resolve("node");
    if (!files.exists(leaf)) {
      files.make(leaf);
    }
    for (int move = 1; ; move++) {
      for (long pid : processes.get()) {
        move(pid, leaf, files);
      }
      try {
        files.write(shared, "+memory");
        return;
      } catch (IOException e) {
        // One may have been started meanwhile; strangers stay, and then it stays so.
        if (move == MOVES_MAX) {
          throw e;
        }
      }
    }
  }

  private static void move(long pid, Path leaf, GroupFiles files) {
    try {
      files.write(leaf.resolve("cgroup.procs"), Long.toString(pid));
    } catch (IOException e) {
      LOG.debug("process {} did not move: {}", pid, e.toString());
    }
  }

  /** A group for one enclave. */
  ControlGroup create(long memoryBytes) throws IOException {
    if (folder == null) {
      return new ControlGroup(null, version, files);
    }
    Path place = folder.resolve("enclave-" + count.incrementAndGet());
    ControlGroup group = new ControlGroup(place, version, files);
    files.make(place);
    try {
      files.write(place.resolve(version.limit()), Long.toString(memoryBytes));
      Path swap = place.resolve(version.swap());
      if (files.exists(swap)) {
        files.write(swap, version.swapLimit(memoryBytes));
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
    if (folder != null) {
      try {
        files.remove(folder);
      } catch (IOException e) {
        LOG.warn("{} could not be removed: {}", folder, e.toString());
      }
    }
  }

  /** Removes groups of processes that are gone; one that is in use can't be removed. */
  private static void sweep(Path parent, GroupFiles files) throws IOException {
    for (Path group : files.list(parent)) {
      if (group.getFileName().toString().matches(PREFIX + "\\d+-\\d+") && ownerGone(group)) {
        for (Path enclave : files.list(group)) {
          if (enclave.getFileName().toString().startsWith("enclave-")) {
            removeUnused(enclave, files);
          }
        }
        removeUnused(group, files);
      }
    }
  }

  private static void removeUnused(Path group, GroupFiles files) {
    try {
      files.remove(group);
    } catch (IOException e) {
      LOG.debug("{} is left: {}", group, e.toString());
    }
  }

  private static boolean ownerGone(Path group) {
    String pid = group.getFileName().toString().split("-", -1)[1];
    return ProcessHandle.of(Long.parseLong(pid)).isEmpty();
  }
}
