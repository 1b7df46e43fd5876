package io.parley.peer.enclaves;

import io.parley.peer.machine.Folders;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The processes of one enclave, its control group and its folder, from start to nothing.
 * Thread-safe.
 */
final class SandboxProcess implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(SandboxProcess.class);
  private static final long END_TIMEOUT_SECONDS = 10;
  private static final long REAP_SECONDS = 3;
  private static final int SIGKILL_CODE = 128 + 9;
  private static final int MAX_DETAIL_CHARS = 2000;

  private final String name;
  private final Process process;
  private final ControlGroup group;
  private final Path folder;
  private final OutputRing output;
  private final CompletableFuture<EnclaveExit> exit;

  private SandboxProcess(String name, Process process, ControlGroup group, Path folder) {
    this.name = name;
    this.process = process;
    this.group = group;
    this.folder = folder;
    this.output = OutputRing.of(process.getInputStream(), "output-of-" + name);
    this.exit = process.onExit().thenApply(ended -> end(ended.exitValue()));
  }

  /**
   * Starts a command. Must be called on a thread that lives as long as this process: the sandbox
   * dies with the thread that started it.
   */
  static SandboxProcess start(
      String name, List<String> command, Path input, ControlGroup group, Path folder)
      throws IOException {
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectErrorStream(true).redirectInput(input.toFile());
    builder.environment().clear();
    builder.directory(Path.of("/").toFile());
    return new SandboxProcess(name, builder.start(), group, folder);
  }

  /** Completes when every process is gone and group and folder are removed. */
  CompletableFuture<EnclaveExit> exit() {
    return exit;
  }

  /** What it printed last. */
  String output() {
    return output.text();
  }

  /**
   * Kills from the inside out: the sandbox's first process takes all others with it, and bwrap ends
   * when it has reaped that one. bwrap itself is killed only when it doesn't.
   */
  void kill() {
    if (process.isAlive() && killInside() == 0) {
      process.destroyForcibly();
    }
    CompletableFuture.delayedExecutor(REAP_SECONDS, TimeUnit.SECONDS)
        .execute(process::destroyForcibly);
  }

  private int killInside() {
    List<ProcessHandle> inside = process.descendants().toList();
    inside.forEach(ProcessHandle::destroyForcibly);
    return inside.size();
  }

  @Override
  public void close() {
    kill();
    try {
      exit.get(END_TIMEOUT_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (ExecutionException | TimeoutException e) {
      LOG.error("enclave {} did not end: {}", name, e.toString());
    }
  }

  private EnclaveExit end(int code) {
    boolean memoryLimit = group.limitReached();
    group.close();
    try {
      Folders.delete(folder);
    } catch (IOException e) {
      LOG.warn("{} could not be removed: {}", folder, e.getMessage());
    }
    String last = output.text();
    if (!last.isEmpty()) {
      LOG.debug("enclave {} printed:\n{}", name, last);
    }
    return new EnclaveExit(code, memoryLimit, detail(code, memoryLimit));
  }

  private static String detail(int code, boolean memoryLimit) {
    if (memoryLimit) {
      return "the kernel ended it at its memory limit (code %d)".formatted(code);
    }
    return code == SIGKILL_CODE ? "killed" : "ended with code %d".formatted(code);
  }

  /** The last lines of the output, for a message to the operator of this host. */
  String tail() {
    String text = output.text().strip();
    return text.length() <= MAX_DETAIL_CHARS
        ? text
        : text.substring(text.length() - MAX_DETAIL_CHARS);
  }
}
