package io.parley.shim.child;

import io.parley.link.Descriptor;
import io.parley.link.Libc;
import io.parley.wire.EnvironmentException;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A running app: a process behind its {@link Wall}, with {@code /dev/null} as input, its output
 * kept here, and progress lines on descriptor 3.
 *
 * <p>Guarantees: it can neither read nor signal the shim, sees only its folders, and when {@link
 * #waitFor} or {@link #close} is back, no process of it is left. Its memory is held by a limit on
 * each of its processes, and by the enclave's own. Thread-safe.
 */
public final class AppProcess implements AutoCloseable {
  private static final Map<String, String> ENVIRONMENT =
      Map.of("LC_CTYPE", "C.UTF-8", "HOME", "/tmp", "TMPDIR", "/tmp", "PATH", "/jdk/bin");

  /** Mapped, though not used, by any process: thread stacks, arenas of allocators. */
  private static final long MAPPED_BYTES = 64L << 20;

  private static final int PIECE_BYTES = 8192;

  /**
   * All that wrote is gone by then: what is left in the pipes is read, however busy the machine.
   */
  private static final Duration READERS_TIMEOUT = Duration.ofSeconds(10);

  private final int pid;
  private final CompletableFuture<Processes.Ended> ended;
  private final OutputTail output;
  private final List<Thread> readers;
  private volatile boolean killedByUs;

  private AppProcess(int pid, OutputTail output, List<Thread> readers) {
    this.pid = pid;
    this.output = output;
    this.readers = readers;
    this.ended = new CompletableFuture<>();
    Thread.ofPlatform().daemon().name("app-wait").start(this::awaitEnd);
  }

  /**
   * Starts an app in the enclave.
   *
   * @param progress gets each progress line, as it was written, on a thread of its own
   * @throws RefusedException INVALID_APP when the program can't be started
   * @throws EnvironmentException SANDBOX_UNAVAILABLE when the wall can't be built
   */
  public static AppProcess start(AppCommand command, Consumer<String> progress) {
    return start(command, Wall.ofEnclave(command.folder()), null, progress);
  }

  static AppProcess start(AppCommand command, Wall wall, Consumer<String> progress) {
    return start(command, wall, null, progress);
  }

  static AppProcess start(
      AppCommand command, Wall wall, @Nullable Watch watch, Consumer<String> progress) {
    try (Pipe out = Pipe.open();
        Pipe lines = Pipe.open()) {
      int pid =
          Spawn.behind(
              wall,
              new Spawn.Request(
                  command.full(wall.java()), command.folder(), environment(command), out, lines),
              watch);
      if (pid < 0) {
        throw notStarted(command, -pid);
      }
      limit(pid, command.memoryBytes());
      return started(pid, out, lines, progress);
    } catch (IOException e) {
      throw new EnvironmentException(
          Reason.IO_FAILED, "the pipes to the app failed: " + e.getMessage(), Map.of(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new EnvironmentException(Reason.CANCELLED, "interrupted while the app was started");
    }
  }

  private static Map<String, String> environment(AppCommand command) {
    Map<String, String> all = new HashMap<>(ENVIRONMENT);
    all.putAll(command.environment());
    return all;
  }

  private static AppProcess started(int pid, Pipe out, Pipe lines, Consumer<String> progress)
      throws IOException {
    OutputTail tail = new OutputTail();
    ProgressLines cut = new ProgressLines(progress);
    try {
      return new AppProcess(
          pid,
          tail,
          List.of(
              read("app-output", out.reader().duplicate(), tail::add),
              read("app-progress", lines.reader().duplicate(), cut::add)));
    } catch (IOException | RuntimeException | Error e) {
      // Nobody else knows of it.
      Processes.killAll(pid);
      throw e;
    }
  }

  /**
   * Waits for the end.
   *
   * @throws EnvironmentException TIMEOUT when it did not end in time, and was killed; CANCELLED
   *     when this thread was interrupted, likewise
   */
  public AppExit waitFor(Duration timeout) {
    try {
      Processes.Ended end = ended.get(timeout.toMillis(), TimeUnit.MILLISECONDS);
      return exit(end);
    } catch (TimeoutException e) {
      throw stopped(
          Reason.TIMEOUT, "the app did not end within %d ms".formatted(timeout.toMillis()));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw stopped(Reason.CANCELLED, "the app was stopped");
    } catch (ExecutionException e) {
      throw new EnvironmentException(
          Reason.IO_FAILED, "the app's end could not be told", Map.of(), e.getCause());
    }
  }

  /** Kills it, if it still runs, with all its processes. */
  @Override
  public void close() {
    if (!ended.isDone()) {
      killedByUs = true;
      Processes.killAll(pid);
      ended.handle((end, failure) -> 0).join();
    }
  }

  private EnvironmentException stopped(Reason reason, String message) {
    close();
    return new EnvironmentException(reason, message);
  }

  private AppExit exit(Processes.Ended end) {
    String text = output.text();
    boolean memory = !killedByUs && (end.killed() || MemoryWords.in(end.code(), text));
    return new AppExit(end.code(), memory, end.peakBytes(), text);
  }

  private void awaitEnd() {
    try {
      Processes.Ended end = Processes.await(pid);
      Processes.killAll(pid);
      Processes.reapAll();
      for (Thread reader : readers) {
        reader.join(READERS_TIMEOUT);
      }
      ended.complete(end);
    } catch (RuntimeException | InterruptedException e) {
      ended.completeExceptionally(e);
    }
  }

  /**
   * A moment after the start, because a process takes limits over only from its parent, and the
   * shim's are wider. Until then, and for what it starts in that moment, the enclave's own hold.
   */
  private static void limit(int pid, long memoryBytes) {
    long most = Processes.hardLimit(Processes.RLIMIT_DATA);
    long share = memoryBytes + MAPPED_BYTES;
    Processes.limit(pid, Processes.RLIMIT_DATA, most < 0 ? share : Math.min(share, most));
    try {
      // If the enclave's memory runs out, it is the app that goes.
      Files.writeString(Path.of("/proc", Integer.toString(pid), "oom_score_adj"), "1000");
    } catch (IOException e) {
      // Gone already, or not ours to say: the limits hold all the same.
      return;
    }
  }

  private static Thread read(String name, Descriptor from, BiConsumer<byte[], Integer> to) {
    return Thread.ofPlatform()
        .daemon()
        .name(name)
        .start(() -> {
          ByteBuffer piece = ByteBuffer.allocate(PIECE_BYTES);
          try (from) {
            while (from.read(piece.clear()) > 0) {
              to.accept(piece.array(), piece.position());
            }
          } catch (IOException e) {
            // The end of the pipe, in other words.
            return;
          }
        });
  }

  private static RefusedException notStarted(AppCommand command, int errno) {
    String program = command.command().getFirst();
    return new RefusedException(
        Reason.INVALID_APP,
        "the app's program '%s' could not be started: %s; expected 'java' or an executable file of the app"
            .formatted(program, Libc.describe(errno)),
        Map.of("program", program));
  }
}
