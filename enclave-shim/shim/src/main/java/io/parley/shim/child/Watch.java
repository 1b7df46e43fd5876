package io.parley.shim.child;

import io.parley.link.Seccomp;
import io.parley.link.Seccomp.Machine;
import io.parley.shim.child.Landlock.Access;
import io.parley.shim.child.Landlock.Rule;
import io.parley.shim.compute.AppRunner.Attempt;
import io.parley.shim.compute.AppRunner.Observed;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * Looks at what an app tries while it runs: files outside its wall, programs, processes, the
 * network. It only looks: what is forbidden, the wall forbids, but for sockets, which it refuses in
 * the wall's place. A name can change between the look and the call, so an app that is built to
 * deceive can hide a name, and gains nothing by it.
 *
 * <p>Its thread is there before the app, without the wall. Thread-safe.
 */
final class Watch implements AutoCloseable {
  private static final int ATTEMPTS_MAX = 32;
  private static final int AT_FDCWD = -100;
  private static final int LISTEN_SECONDS_MAX = 60;

  /** What runtimes look for as they start, wherever they are; in an enclave there is nothing. */
  private static final List<Path> LOOKED_FOR =
      List.of(
          Path.of("/etc"),
          Path.of("/usr"),
          Path.of("/sys"),
          Path.of("/dev"),
          Path.of("/bin"),
          Path.of("/lib64"),
          Path.of("/run/systemd"));

  private final List<Rule> rules;
  private final Machine machine = Machine.current();
  private final byte[] filter = WatchFilter.program(machine);
  private final SocketWatch sockets;
  private final CompletableFuture<Listener> listener = new CompletableFuture<>();
  private final CompletableFuture<Boolean> done = new CompletableFuture<>();
  private final Set<Attempt> attempts = new LinkedHashSet<>();
  private final Thread thread;
  private volatile boolean ended;
  private int processes;
  private int programs;

  private Watch(Wall wall) {
    this.rules = wall.rules();
    this.sockets =
        new SocketWatch(machine, wall.java(), path -> !inProc(path) && allowed(path, false));
    this.thread = Thread.ofPlatform().daemon().name("app-watch").unstarted(this::run);
  }

  /** Ready for an app behind this wall. */
  static Watch start(Wall wall) {
    Watch watch = new Watch(wall);
    Listener.requireAvailable(watch.machine);
    watch.thread.start();
    return watch;
  }

  /** Called by the thread that is about to start the app, once it is shut in. */
  void shutIn() {
    listener.complete(Listener.install(filter, machine));
  }

  /**
   * What was seen, once the app has ended.
   *
   * @param code that it ended with
   */
  Observed finish(int code, long peakBytes) {
    close();
    List<Attempt> seen = new ArrayList<>(attempts);
    if (code == 128 + Processes.SIGSYS) {
      seen.addFirst(
          new Attempt(
              "system call",
              "a look into another process, a signal to the enclave's supervisor or to everybody, a"
                  + " mount, a namespace, or execveat"));
    }
    // The first of each is the app itself.
    return new Observed(peakBytes, Math.max(0, processes - 1), seen);
  }

  /** Ends the watch; from then on all that it would be shown fails. */
  @Override
  public void close() {
    ended = true;
    listener.cancel(false);
    try {
      var _ = done.get(LISTEN_SECONDS_MAX, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (ExecutionException | TimeoutException e) {
      throw Failures.unavailable("the watch over the app failed: " + e);
    }
  }

  private void run() {
    try (Listener shown = listener.get()) {
      while (!ended && !shown.over()) {
        try (Arena arena = Arena.ofConfined()) {
          Listener.@Nullable Shown call = shown.next(arena);
          if (call != null) {
            try {
              look(call);
            } finally {
              answer(shown, call, arena);
            }
          }
        }
      }
      done.complete(true);
    } catch (InterruptedException
        | ExecutionException
        | java.util.concurrent.CancellationException e) {
      // There was never an app to watch.
      done.complete(false);
    } catch (RuntimeException | Error e) {
      done.completeExceptionally(e);
    }
  }

  /** The same as the wall's without a watch: let through, a socket would be there. */
  private void answer(Listener shown, Listener.Shown call, Arena arena) {
    if (sockets.forbidden(call)) {
      shown.refuse(call, Seccomp.EPERM, arena);
    } else {
      shown.letThrough(call, arena);
    }
  }

  private void look(Listener.Shown call) {
    if (is(call, WatchFilter.Call.FORK)
        || is(call, WatchFilter.Call.VFORK)
        || is(call, WatchFilter.Call.CLONE)) {
      processes++;
    } else if (is(call, WatchFilter.Call.EXECVE)) {
      program(call);
    } else if (is(call, WatchFilter.Call.OPEN)
        || is(call, WatchFilter.Call.CREAT)
        || is(call, WatchFilter.Call.TRUNCATE)
        || is(call, WatchFilter.Call.UNLINK)) {
      file(call.thread(), AT_FDCWD, call.first());
    } else if (is(call, WatchFilter.Call.RENAME)) {
      file(call.thread(), AT_FDCWD, call.first());
      file(call.thread(), AT_FDCWD, call.second());
    } else if (is(call, WatchFilter.Call.RENAMEAT) || is(call, WatchFilter.Call.RENAMEAT2)) {
      file(call.thread(), (int) call.first(), call.second());
      file(call.thread(), (int) call.third(), call.fourth());
    } else if (is(call, WatchFilter.Call.SOCKET)
        || is(call, WatchFilter.Call.SOCKETPAIR)
        || is(call, WatchFilter.Call.CONNECT)
        || is(call, WatchFilter.Call.BIND)) {
      network(call);
    } else {
      file(call.thread(), (int) call.first(), call.second());
    }
  }

  private boolean is(Listener.Shown call, WatchFilter.Call which) {
    return call.number() == which.number(machine);
  }

  private void program(Listener.Shown call) {
    if (programs++ == 0) {
      return;
    }
    @Nullable Path path = path(call.thread(), AT_FDCWD, call.first());
    if (path == null) {
      add("program", "one whose name could not be read");
    } else if (!allowed(path, true)) {
      add("program", path.toString());
    }
  }

  private void file(int thread, int folder, long address) {
    @Nullable Path path = path(thread, folder, address);
    if (path == null || ofShim(thread)) {
      // The thread that starts the app is the shim's, and may load a class; and what cannot be read
      // from a caller that is gone was not opened.
      return;
    }
    boolean lookedFor = LOOKED_FOR.stream().anyMatch(path::startsWith) && !Files.exists(path);
    if (!lookedFor && !allowed(path, false)) {
      add("file", path.toString());
    }
  }

  private void network(Listener.Shown call) {
    @Nullable String tried = sockets.look(call);
    if (tried != null) {
      add("network", tried);
    }
  }

  private static boolean ofShim(int thread) {
    return Files.exists(Path.of("/proc/self/task", Integer.toString(thread)));
  }

  private boolean allowed(Path path, boolean run) {
    // Resolved here, /proc/self would be the supervisor.
    if (inProc(path) && path.equals(path.normalize())) {
      return !run && ofOneself(path);
    }
    Path real = real(path);
    if (inProc(real)) {
      return !run && ofOneself(real);
    }
    return rules.stream()
        .filter(rule -> !run || rule.access() == Access.RUN)
        .anyMatch(rule -> real.startsWith(real(rule.path())));
  }

  private static boolean inProc(Path path) {
    return path.startsWith("/proc");
  }

  /** Neither the supervisor's, nor a way around to files that have names of their own. */
  private static boolean ofOneself(Path path) {
    for (int i = 1; i < path.getNameCount(); i++) {
      String name = path.getName(i).toString();
      if (i == 1 && name.equals("1") || name.equals("root") || name.equals("cwd")) {
        return false;
      }
    }
    return true;
  }

  /** Through links: of the enclave's, as {@code /usr/lib} is one, and of the app's own. */
  private static Path real(Path path) {
    try {
      return path.toRealPath();
    } catch (IOException e) {
      Path folder = path.getParent();
      Path name = path.getFileName();
      return folder == null || name == null ? path : real(folder).resolve(name).normalize();
    }
  }

  private @Nullable Path path(int thread, int folder, long address) {
    @Nullable String text = CallerMemory.text(thread, address);
    if (text == null || text.isEmpty()) {
      return null;
    }
    try {
      Path path = Path.of(text);
      if (path.isAbsolute()) {
        return path;
      }
      Path from = Path.of("/proc", Integer.toString(thread));
      return Files.readSymbolicLink(
              folder == AT_FDCWD
                  ? from.resolve("cwd")
                  : from.resolve("fd").resolve(Integer.toString(folder)))
          .resolve(path);
    } catch (IOException | InvalidPathException e) {
      return null;
    }
  }

  private void add(String kind, String what) {
    if (attempts.size() < ATTEMPTS_MAX) {
      attempts.add(new Attempt(kind, what));
    }
  }
}
