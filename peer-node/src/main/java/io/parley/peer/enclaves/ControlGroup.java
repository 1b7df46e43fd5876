package io.parley.peer.enclaves;

import io.parley.peer.machine.HostTools;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One enclave's control group, or none where this machine gives us none. Thread-safe.
 *
 * @param folder null: there is none, and only the resource limits hold
 */
record ControlGroup(@Nullable Path folder, ControlGroupVersion version, GroupFiles files)
    implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ControlGroup.class);
  private static final Duration EMPTY_TIMEOUT = Duration.ofSeconds(10);
  private static final Duration POLL = Duration.ofMillis(5);

  /** Goes before a command: enters the group, then becomes the command. */
  List<String> prefix() {
    return folder == null
        ? List.of()
        : List.of(
            HostTools.find("sh", "dash"),
            "-c",
            "echo 0 > \"$0\" && exec \"$@\"",
            folder.resolve("cgroup.procs").toString());
  }

  /** Whether the kernel killed a process in it for want of memory. */
  boolean limitReached() {
    if (folder == null) {
      return false;
    }
    try {
      return files.read(folder.resolve(version.events())).stream()
          .anyMatch(line -> line.startsWith("oom_kill ") && !line.equals("oom_kill 0"));
    } catch (IOException e) {
      LOG.warn("{} tells nothing: {}", folder, e.getMessage());
      return false;
    }
  }

  /** Kills what is left in it, waits until it is empty, and removes it. */
  @Override
  public void close() {
    if (folder == null) {
      return;
    }
    long deadline = System.nanoTime() + EMPTY_TIMEOUT.toNanos();
    try {
      killAll();
      while (!processes().isEmpty() && System.nanoTime() < deadline) {
        processes().forEach(pid -> ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly));
        Thread.sleep(POLL);
      }
      remove(deadline);
    } catch (IOException e) {
      LOG.warn("{} could not be removed: {}", folder, e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** At once, where the kernel can: nothing is left to start another. Elsewhere one by one. */
  private void killAll() throws IOException {
    Path kill = folder == null ? null : folder.resolve("cgroup.kill");
    if (kill != null && files.exists(kill)) {
      files.write(kill, "1");
    }
  }

  private void remove(long deadline) throws IOException, InterruptedException {
    while (folder != null) {
      try {
        files.remove(folder);
        return;
      } catch (IOException e) {
        // The kernel takes a moment to let the last process go.
        if (System.nanoTime() > deadline) {
          throw e;
        }
        Thread.sleep(POLL);
      }
    }
  }

  private List<Long> processes() throws IOException {
    if (folder == null) {
      return List.of();
    }
    try {
      return files.read(folder.resolve("cgroup.procs")).stream().map(Long::parseLong).toList();
    } catch (NoSuchFileException e) {
      return List.of();
    }
  }
}
