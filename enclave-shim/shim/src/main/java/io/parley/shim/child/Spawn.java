package io.parley.shim.child;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.parley.link.Libc;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Starts a program behind a wall, by posix_spawn(3) on a thread of its own.
 *
 * <p>ProcessBuilder would do, were it not for descriptor 3: it closes what is above 2.
 */
final class Spawn {
  private static final Libc ACTIONS_INIT = Libc.function("posix_spawn_file_actions_init");
  private static final Libc ACTIONS_DESTROY = Libc.function("posix_spawn_file_actions_destroy");
  private static final Libc ADD_OPEN = Libc.function("posix_spawn_file_actions_addopen");
  private static final Libc ADD_DUP2 = Libc.function("posix_spawn_file_actions_adddup2");
  private static final Libc ADD_CHDIR = Libc.function("posix_spawn_file_actions_addchdir_np");
  private static final Libc ADD_CLOSE_FROM =
      Libc.function("posix_spawn_file_actions_addclosefrom_np");
  private static final Libc ATTRIBUTES_INIT = Libc.function("posix_spawnattr_init");
  private static final Libc ATTRIBUTES_DESTROY = Libc.function("posix_spawnattr_destroy");
  private static final Libc SET_FLAGS = Libc.function("posix_spawnattr_setflags");
  private static final Libc SET_SIGNAL_DEFAULT = Libc.function("posix_spawnattr_setsigdefault");
  private static final Libc FILL_SIGNALS = Libc.function("sigfillset");
  private static final Libc POSIX_SPAWN = Libc.function("posix_spawn");

  private static final int SETSIGDEF = 0x04;
  private static final int SETSIGMASK = 0x08;
  private static final int SETSID = 0x80;

  /** More than the C library's structures need: 80, 336 and 128 bytes in glibc. */
  private static final long STRUCT_BYTES = 1024;

  private static final int PROGRESS = 3;

  /**
   * What to start.
   *
   * @param output gets standard output and standard error
   * @param progress becomes descriptor 3, or there is none
   */
  record Request(
      List<String> command,
      Path folder,
      Map<String, String> environment,
      Pipe output,
      @Nullable Pipe progress) {}

  private Spawn() {}

  /** The process's number, or {@code -errno}. */
  static int behind(Wall wall, Request request, @Nullable Watch watch) throws InterruptedException {
    // Platform threads: the wall is the thread's, and a virtual one would leave it on its carrier.
    Task task = new Task(wall, request, watch);
    Thread thread = Thread.ofPlatform().name("app-start").start(task);
    thread.join();
    Throwable failure = task.failure;
    if (failure != null) {
      throw Failures.notStarted(failure);
    }
    return task.answer;
  }

  private static final class Task implements Runnable {
    private final Wall wall;
    private final Request request;
    private final @Nullable Watch watch;
    private int answer;
    private @Nullable Throwable failure;

    Task(Wall wall, Request request, @Nullable Watch watch) {
      this.wall = wall;
      this.request = request;
      this.watch = watch;
    }

    @Override
    public void run() {
      try {
        answer = start(wall, request, watch);
      } catch (RuntimeException | Error e) {
        // An answer of 0 would stand for a process, and be signalled.
        failure = e;
      }
    }
  }

  private static int start(Wall wall, Request request, @Nullable Watch watch) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment pid = arena.allocate(4, 4);
      MemorySegment actions = actions(request, arena);
      MemorySegment attributes = attributes(arena);
      MemorySegment program = arena.allocateFrom(request.command().getFirst(), UTF_8);
      MemorySegment arguments = strings(request.command(), arena);
      MemorySegment environment =
          strings(
              request.environment().entrySet().stream()
                  .map(entry -> entry.getKey() + "=" + entry.getValue())
                  .sorted()
                  .toList(),
              arena);
      wall.apply(watch != null);
      if (watch != null) {
        watch.shutIn();
      }
      int error =
          POSIX_SPAWN.callInt(
              pid.address(),
              program.address(),
              actions.address(),
              attributes.address(),
              arguments.address(),
              environment.address());
      ACTIONS_DESTROY.callInt(actions.address());
      ATTRIBUTES_DESTROY.callInt(attributes.address());
      return error == 0 ? pid.get(ValueLayout.JAVA_INT, 0) : -error;
    }
  }

  private static MemorySegment actions(Request request, Arena arena) {
    MemorySegment actions = arena.allocate(STRUCT_BYTES, 16);
    long at = actions.address();
    check(ACTIONS_INIT.callInt(at));
    check(ADD_CHDIR.callInt(at, text(request.folder().toString(), arena)));
    check(ADD_OPEN.callInt(at, 0, text("/dev/null", arena), 0, 0));
    int output = number(request.output());
    check(ADD_DUP2.callInt(at, output, 1));
    check(ADD_DUP2.callInt(at, output, 2));
    Pipe progress = request.progress();
    if (progress != null) {
      check(ADD_DUP2.callInt(at, number(progress), PROGRESS));
    }
    check(ADD_CLOSE_FROM.callInt(at, progress == null ? PROGRESS : PROGRESS + 1));
    return actions;
  }

  private static MemorySegment attributes(Arena arena) {
    MemorySegment attributes = arena.allocate(STRUCT_BYTES, 16);
    MemorySegment signals = arena.allocate(STRUCT_BYTES, 16);
    check(ATTRIBUTES_INIT.callInt(attributes.address()));
    check(SET_FLAGS.callInt(attributes.address(), SETSIGDEF | SETSIGMASK | SETSID));
    check(FILL_SIGNALS.callInt(signals.address()));
    check(SET_SIGNAL_DEFAULT.callInt(attributes.address(), signals.address()));
    return attributes;
  }

  private static int number(Pipe pipe) {
    try {
      int number = pipe.writer().acquire();
      pipe.writer().release();
      return number;
    } catch (java.nio.channels.ClosedChannelException e) {
      throw Failures.unavailable("the pipe to the app is closed");
    }
  }

  private static MemorySegment strings(List<String> texts, Arena arena) {
    MemorySegment array = arena.allocate(8L * (texts.size() + 1), 8);
    for (int i = 0; i < texts.size(); i++) {
      array.set(ValueLayout.JAVA_LONG, 8L * i, text(texts.get(i), arena));
    }
    return array;
  }

  private static long text(String text, Arena arena) {
    return arena.allocateFrom(text, UTF_8).address();
  }

  /** These return the error itself. */
  private static void check(int error) {
    Failures.checked("preparing the app's start", -error);
  }
}
