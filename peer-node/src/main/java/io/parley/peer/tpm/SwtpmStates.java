package io.parley.peer.tpm;

import io.parley.peer.machine.ConfinedTools;
import io.parley.peer.machine.Folders;
import io.parley.peer.machine.RunAs;
import io.parley.wire.EnvironmentException;
import io.parley.wire.ParleyException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes emulated TPMs: fresh seeds, an endorsement key, its certificate. Each is for one use. One
 * is made ahead, so that an enclave's start need not wait for it. Thread-safe.
 */
final class SwtpmStates implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(SwtpmStates.class);
  private static final Duration MAKE_WITHIN = Duration.ofSeconds(60);
  private static final int AHEAD = 1;

  private final ConfinedTools tools;
  private final SwtpmAuthority authority;
  private final Path workspace;
  private final RunAs user;
  private final ArrayDeque<Path> ready = new ArrayDeque<>();
  private final ExecutorService ahead =
      Executors.newSingleThreadExecutor(Thread.ofPlatform().daemon().name("swtpm-setup").factory());

  /** One at a time: they share the authority's serial number. */
  private final Object making = new Object();

  private int count;

  /**
   * Nothing is made yet.
   *
   * @param workspace private; states and what belongs to them go below it
   */
  SwtpmStates(ConfinedTools tools, SwtpmAuthority authority, Path workspace, RunAs user) {
    this.tools = tools;
    this.authority = authority;
    this.workspace = workspace;
    this.user = user;
  }

  /**
   * A folder with a TPM that nobody has used; the caller's from now on.
   *
   * @throws EnvironmentException PLATFORM_UNAVAILABLE with what swtpm_setup said
   */
  Path take() throws IOException {
    Path state;
    synchronized (ready) {
      state = ready.poll();
    }
    try {
      return state == null ? make() : state;
    } finally {
      prepare();
    }
  }

  /** Makes one ahead, soon, where none is. */
  private void prepare() {
    try {
      ahead.execute(() -> {
        try {
          fill();
        } catch (IOException | ParleyException e) {
          // Whoever needs one next makes it, and is told then.
          LOG.debug("no TPM could be made ahead: {}", e.getMessage());
        }
      });
    } catch (RejectedExecutionException e) {
      LOG.debug("no TPM is made ahead any more");
    }
  }

  private void fill() throws IOException {
    synchronized (ready) {
      if (ready.size() >= AHEAD) {
        return;
      }
    }
    Path made = make();
    synchronized (ready) {
      ready.add(made);
    }
  }

  private Path make() throws IOException {
    synchronized (making) {
      Path state = workspace.resolve("tpm-" + ++count);
      Files.createDirectory(state);
      Files.setPosixFilePermissions(state, PosixFilePermissions.fromString("rwx------"));
      try {
        // As this process's user, because of the authority's keys: nobody else's bytes are read.
        tools.run(setup(state), MAKE_WITHIN);
        own(state);
        return state;
      } catch (IOException | RuntimeException e) {
        Folders.delete(state);
        throw e;
      }
    }
  }

  private ConfinedTools.Program setup(Path state) {
    return new ConfinedTools.Program(
        user,
        false,
        List.of(workspace, authority.folder()),
        List.of(
            SwtpmTools.setup(),
            "--tpm2",
            "--tpmstate",
            state.toString(),
            "--config",
            authority.configuration().toString(),
            "--create-ek-cert",
            "--pcr-banks",
            "sha256",
            "--lock-nvram"),
        workspace.resolve("swtpm_setup.log"));
  }

  private void own(Path state) throws IOException {
    try (Stream<Path> files = Files.list(state)) {
      for (Path file : files.toList()) {
        user.own(file);
      }
    }
    user.own(state);
  }

  @Override
  public void close() {
    ahead.shutdownNow();
    try {
      if (!ahead.awaitTermination(MAKE_WITHIN.toSeconds(), TimeUnit.SECONDS)) {
        LOG.warn("swtpm_setup did not end");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
